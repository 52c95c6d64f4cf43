#include <iostream>

int main() {
    int n;
    double sum = 0, x;
    std::cin >> n;
    while (n-- > 0 && std::cin >> x) sum += x;
    std::cout.precision(10);
    std::cout << std::fixed << sum << "\n";
}
