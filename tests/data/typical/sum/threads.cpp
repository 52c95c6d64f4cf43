#include <algorithm>
#include <cstdint>
#include <iostream>
#include <numeric>
#include <thread>
#include <vector>

int main() {
    std::size_t n;
    std::cin >> n;
    std::vector<std::int64_t> a(n);
    for (auto &x : a) std::cin >> x;
    std::int64_t half[2] = {0, 0};
    auto middle = a.begin() + n / 2;
    std::thread first([&] { half[0] = std::accumulate(a.begin(), middle, std::int64_t{0}); });
    std::thread second([&] { half[1] = std::accumulate(middle, a.end(), std::int64_t{0}); });
    first.join();
    second.join();
    std::cout << half[0] + half[1] << std::endl;
}
