#include <vector>

inline bool is_permutation_of_first(const std::vector<int>& numbers, int n) {
    std::vector<bool> seen(n + 1);
    if (static_cast<int>(numbers.size()) != n) return false;
    for (int number : numbers) {
        if (number < 1 || number > n || seen[number]) return false;
        seen[number] = true;
    }
    return true;
}
