// Says nothing but by its exit code what an interactor would say.
// verdicts: RUN_TIME_ERROR WRONG_ANSWER
#include "held.h"
int main(void) { return 42; }
