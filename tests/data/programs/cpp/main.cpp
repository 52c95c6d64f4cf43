#include <cstring>
#include <iostream>
#include <string>
#include <unistd.h>
#include <vector>

int main() {
  std::string word;
  long a, b;
  std::cin >> word >> a >> b;
  if (word == "sum") std::cout << a + b << '\n';
  if (word == "spin") for (volatile long i = 0;; i = i + 1);
  if (word == "sleep") sleep(60);
  if (word == "memory") for (std::vector<char*> kept;;) kept.push_back(new char[1 << 20]), std::memset(kept.back(), 1, 1 << 20);
  if (word == "output") for (;;) std::cout << "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n";
  return word == "crash" ? 3 : 0;
}
