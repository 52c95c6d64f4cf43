// Gigabytes by one line of assembler.
// verdicts: COMPILE_ERROR
// group: long
__asm__(".data\n.rept 400000000\n.quad 0x1122334455667788\n.endr\n.previous");
int main(void) { return 0; }
