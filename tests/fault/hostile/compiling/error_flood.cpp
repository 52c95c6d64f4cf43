// One wrong line in a template of a template of a template: megabytes of complaints.
// verdicts: COMPILE_ERROR
// group: long
#include <map>
#include <string>
#include <vector>
#define ONE(n) std::map<std::string, std::map<std::vector<int>, std::vector<std::string>>> a##n = 5 + std::string() + n;
#define TEN(n) ONE(n##0) ONE(n##1) ONE(n##2) ONE(n##3) ONE(n##4) ONE(n##5) ONE(n##6) ONE(n##7) ONE(n##8) ONE(n##9)
#define HUNDRED(n) TEN(n##0) TEN(n##1) TEN(n##2) TEN(n##3) TEN(n##4) TEN(n##5) TEN(n##6) TEN(n##7) TEN(n##8) TEN(n##9)
HUNDRED(1)
HUNDRED(2)
int main() {}
