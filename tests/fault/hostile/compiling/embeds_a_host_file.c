// The assembler puts a file of the host into the program.
// verdicts: COMPILE_ERROR
__asm__(".data\nstolen: .incbin \"/etc/shadow\"\n.previous");
int main(void) { return 0; }
