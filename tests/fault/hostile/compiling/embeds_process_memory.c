// The assembler puts what /proc has of other processes into the program.
// verdicts: COMPILE_ERROR
__asm__(".data\nstolen: .incbin \"/proc/1/environ\"\n.previous");
int main(void) { return 0; }
