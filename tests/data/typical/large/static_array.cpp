#include <cstdio>
#include <cstring>
static char numbers[240 << 20];

int main() {
    std::memset(numbers, 1, sizeof numbers);
    std::puts(numbers[sizeof numbers - 1] == 1 ? "large" : "wrong");
}
