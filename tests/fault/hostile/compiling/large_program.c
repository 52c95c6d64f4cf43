// A program larger than all that it may write.
// verdicts: COMPILE_ERROR
char table[900 << 20] = {1};
int main(void) { return table[5]; }
