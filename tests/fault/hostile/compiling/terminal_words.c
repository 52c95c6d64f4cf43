// Errors that would clear a terminal, name its window and write to its clipboard.
// verdicts: COMPILE_ERROR
#pragma message "\033[2J\033]0;accepted\007\033[8m\r accepted \2339\n"
_Static_assert(0, "\033]52;c;YWNjZXB0ZWQ=\007 accepted \r accepted");
int main(void) { return 0; }
