// Called as: check input answer feedback_dir/ strict < output
#include <fstream>
#include <iostream>
#include <string>
#include "permutation.h"

int main(int argc, char** argv) {
    if (argc != 5 || std::string(argv[4]) != "strict") return 1;
    std::ifstream input(argv[1]), answer(argv[2]);
    std::string word;
    int n, number;
    if (!(input >> n) || !(answer >> word) || word != "one") return 2;
    std::vector<int> numbers;
    while (std::cin >> number) numbers.push_back(number);
    if (is_permutation_of_first(numbers, n)) return 42;
    std::ofstream message(std::string(argv[3]) + "judgemessage.txt");
    message << numbers.size() << " numbers are no permutation of " << n << "\n";
    return 43;
}
