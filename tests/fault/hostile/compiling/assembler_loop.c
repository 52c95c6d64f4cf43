// The assembler repeats without end, and writes as it goes.
// verdicts: COMPILE_ERROR
// group: long
__asm__(".macro again\n.fill 65536, 8, 1\nagain\n.endm\n.rept 100000000\n.fill 4096, 8, 1\n.endr\nagain\n");
int main(void) { return 0; }
