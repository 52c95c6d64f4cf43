#include <iostream>
#include <string>

int main() {
  int low = 1, high = 0;
  std::cin >> high;
  for (std::string said; said != "found";) {
    const int middle = (low + high) / 2;
    std::cout << middle << std::endl;
    std::cin >> said;
    if (said == "more") low = middle + 1;
    if (said == "less") high = middle - 1;
  }
}
