// Called as: hide input answer feedback_dir/ < what the program says > what it is told.
#include <fstream>
#include <iostream>
#include <string>

int main(int, char **argv) {
  int hidden = 0, most = 0, turns = 0;
  std::ifstream(argv[1]) >> hidden >> most >> turns;
  std::ofstream message(std::string(argv[3]) + "judgemessage.txt");
  std::cout << most << std::endl;
  for (int turn = 1; turn <= turns; ++turn) {
    int guess = 0;
    if (!(std::cin >> guess) || guess < 1 || guess > most) {
      message << "turn " << turn << ": no number of 1 to " << most << "\n";
      return 43;
    }
    std::cout << (guess == hidden ? "found" : guess < hidden ? "more" : "less") << std::endl;
    if (guess == hidden) return 42;
  }
  message << "not found in " << turns << " turns\n";
  return 43;
}
