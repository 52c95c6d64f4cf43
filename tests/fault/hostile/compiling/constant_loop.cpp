// A loop without end, run by the compiler.
// verdicts: COMPILE_ERROR
// group: long
constexpr long spin(long n) {
  long sum = 0;
  for (long i = 0; i < 260000; i++) sum += i % (n + 1);
  return sum;
}
template <int N> struct Many { static constexpr long value = spin(N) + Many<N - 1>::value; };
template <> struct Many<0> { static constexpr long value = 0; };
int main() { return Many<800>::value; }
