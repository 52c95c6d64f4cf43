// Uses what it never declared: the compiler's words come with the verdict.
#include <iostream>

int main() {
    std::cout << answer << '\n';
}
