// Templates that need as many others as there are numbers of fifty bits.
// verdicts: COMPILE_ERROR
// group: long
template <int Depth, long Path> struct Tree {
  static constexpr long value = Tree<Depth - 1, Path * 2>::value + Tree<Depth - 1, Path * 2 + 1>::value;
};
template <long Path> struct Tree<0, Path> { static constexpr long value = 1; };
int main() { return Tree<50, 0>::value; }
