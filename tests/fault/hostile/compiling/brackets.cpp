// A hundred thousand nested brackets, for which parsers recurse.
// verdicts: COMPILE_ERROR WRONG_ANSWER
// group: long
#define A(x) ((((((((((x))))))))))
#define B(x) A(A(A(A(A(A(A(A(A(A(x))))))))))
#define C(x) B(B(B(B(B(B(B(B(B(B(x))))))))))
#define D(x) C(C(C(C(C(C(C(C(C(C(x))))))))))
int main() { return D(D(D(0))); }
