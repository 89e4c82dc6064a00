//===- MinimumCut.cpp - the cheapest way to split a graph -----------------===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Augments along all paths of the shortest length before it looks for longer
// ones (Dinic 1970), so that long programs do not take the square of their
// length. What can still be reached from the source when no path is left is the
// smallest of all source sides that are cheapest.
//===----------------------------------------------------------------------===//

#include "Rotate/MinimumCut.h"
#include <algorithm>
#include <limits>

using namespace mlir::mx;

static constexpr unsigned unreached = ~0u;

unsigned MinimumCut::addVertex() {
  arcsOf.emplace_back();
  return arcsOf.size() - 1;
}

unsigned MinimumCut::addEdge(unsigned from, unsigned to, int64_t cost) {
  unsigned edge = arcs.size();
  arcs.push_back({to, std::max<int64_t>(cost, 0)});
  arcs.push_back({from, 0});
  arcsOf[from].push_back(edge);
  arcsOf[to].push_back(edge + 1);
  return edge;
}

void MinimumCut::measureDistances(unsigned source) {
  distances.assign(arcsOf.size(), unreached);
  distances[source] = 0;
  std::vector<unsigned> queue{source};
  for (size_t next = 0; next < queue.size(); ++next)
    for (unsigned arc : arcsOf[queue[next]]) {
      unsigned to = arcs[arc].to;
      if (arcs[arc].capacity == 0 || distances[to] != unreached)
        continue;
      distances[to] = distances[queue[next]] + 1;
      queue.push_back(to);
    }
}

std::vector<unsigned> MinimumCut::findPath(unsigned source, unsigned sink) {
  std::vector<unsigned> path;
  unsigned vertex = source;
  while (vertex != sink) {
    if (tried[vertex] < arcsOf[vertex].size()) {
      unsigned arc = arcsOf[vertex][tried[vertex]];
      unsigned to = arcs[arc].to;
      if (arcs[arc].capacity == 0 || distances[to] != distances[vertex] + 1) {
        ++tried[vertex];
        continue;
      }
      path.push_back(arc);
      vertex = to;
      continue;
    }
    if (path.empty())
      break;
    // arcs[arc ^ 1] leads back to where arcs[arc] comes from.
    vertex = arcs[path.back() ^ 1].to;
    path.pop_back();
    ++tried[vertex];
  }
  return path;
}

int64_t MinimumCut::push(unsigned from, unsigned to, int64_t limit) {
  int64_t pushed = 0;
  measureDistances(from);
  while (distances[to] != unreached && pushed < limit) {
    tried.assign(arcsOf.size(), 0);
    for (auto path = findPath(from, to); !path.empty() && pushed < limit;
         path = findPath(from, to)) {
      int64_t amount = limit - pushed;
      for (unsigned arc : path)
        amount = std::min(amount, arcs[arc].capacity);
      for (unsigned arc : path) {
        arcs[arc].capacity -= amount;
        arcs[arc ^ 1].capacity += amount;
      }
      pushed += amount;
    }
    measureDistances(from);
  }
  return pushed;
}

std::vector<bool> MinimumCut::solve(unsigned source, unsigned sink) {
  cost += push(source, sink, std::numeric_limits<int64_t>::max());
  std::vector<bool> isSource(arcsOf.size());
  for (size_t vertex = 0; vertex < arcsOf.size(); ++vertex)
    isSource[vertex] = distances[vertex] != unreached;
  return isSource;
}

int64_t MinimumCut::getSaving(unsigned edge) {
  int64_t flow = arcs[edge + 1].capacity;
  if (flow == 0)
    return 0;
  // What cannot get to the sink on another way need not leave the source.
  std::vector<Arc> solved = arcs;
  arcs[edge].capacity = arcs[edge + 1].capacity = 0;
  int64_t saved = flow - push(arcs[edge + 1].to, arcs[edge].to, flow);
  arcs = std::move(solved);
  return saved;
}
