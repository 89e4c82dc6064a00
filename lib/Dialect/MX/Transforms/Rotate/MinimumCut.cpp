//===- MinimumCut.cpp - the cheapest way to split a graph -----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Augments along shortest paths (Edmonds and Karp 1972). What can still be
// reached from the source when no path is left is the smallest of all source
// sides that are cheapest.
//===----------------------------------------------------------------------===//

#include "Rotate/MinimumCut.h"
#include <algorithm>

using namespace mlir::mx;

static constexpr int64_t unreached = -1;
static constexpr int64_t start = -2;

unsigned MinimumCut::addVertex() {
  arcsOf.emplace_back();
  return arcsOf.size() - 1;
}

void MinimumCut::addEdge(unsigned from, unsigned to, int64_t cost) {
  if (from == to || cost <= 0)
    return;
  arcsOf[from].push_back(arcs.size());
  arcs.push_back({to, cost});
  arcsOf[to].push_back(arcs.size());
  arcs.push_back({from, 0});
}

std::vector<int64_t> MinimumCut::search(unsigned source, unsigned sink) const {
  std::vector<int64_t> arrival(arcsOf.size(), unreached);
  std::vector<unsigned> queue{source};
  arrival[source] = start;
  for (size_t next = 0; next < queue.size() && arrival[sink] == unreached;
       ++next)
    for (unsigned arc : arcsOf[queue[next]]) {
      unsigned to = arcs[arc].to;
      if (arcs[arc].capacity == 0 || arrival[to] != unreached)
        continue;
      arrival[to] = arc;
      queue.push_back(to);
    }
  return arrival;
}

std::vector<bool> MinimumCut::solve(unsigned source, unsigned sink) {
  std::vector<int64_t> arrival = search(source, sink);
  while (arrival[sink] != unreached) {
    // arcs[arc ^ 1] leads back to where arcs[arc] comes from.
    int64_t amount = kNever;
    for (unsigned vertex = sink; vertex != source;
         vertex = arcs[arrival[vertex] ^ 1].to)
      amount = std::min(amount, arcs[arrival[vertex]].capacity);
    for (unsigned vertex = sink; vertex != source;
         vertex = arcs[arrival[vertex] ^ 1].to) {
      arcs[arrival[vertex]].capacity -= amount;
      arcs[arrival[vertex] ^ 1].capacity += amount;
    }
    cost += amount;
    arrival = search(source, sink);
  }
  std::vector<bool> isSource(arcsOf.size());
  for (size_t vertex = 0; vertex < arcsOf.size(); ++vertex)
    isSource[vertex] = arrival[vertex] != unreached;
  return isSource;
}
