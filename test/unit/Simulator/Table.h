//===- Table.h - layout tables as comma-separated files ---------*- C++ -*-===//
// Part of the mx project, under the Apache License v2.0 with LLVM Exceptions.
//
// Reads test/unit/Simulator/Inputs: a line of column names, lines of numbers.
//===----------------------------------------------------------------------===//

#ifndef MX_TEST_UNIT_SIMULATOR_TABLE_H
#define MX_TEST_UNIT_SIMULATOR_TABLE_H

#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace mxsim {

using Row = std::vector<unsigned>;

/// Reads the rows of a table; none is a failure of the test.
inline std::vector<Row> readRows(const std::string &name) {
  std::ifstream file(std::string(MX_SIMULATOR_INPUTS) + "/" + name + ".csv");
  std::string line;
  std::getline(file, line);
  std::vector<Row> rows;
  while (std::getline(file, line)) {
    Row row;
    std::istringstream cells(line);
    for (std::string cell; std::getline(cells, cell, ',');)
      row.push_back(unsigned(std::stoul(cell)));
    rows.push_back(row);
  }
  EXPECT_FALSE(rows.empty()) << name;
  return rows;
}

/// The same, read once.
inline const std::vector<Row> &readTable(const std::string &name) {
  static std::map<std::string, std::vector<Row>> tables;
  auto [entry, isNew] = tables.try_emplace(name);
  if (isNew)
    entry->second = readRows(name);
  return entry->second;
}

} // namespace mxsim

#endif // MX_TEST_UNIT_SIMULATOR_TABLE_H
