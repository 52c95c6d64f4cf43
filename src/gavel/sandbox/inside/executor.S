# The init of a box on x86-64: it makes the system calls of tables that come by its socket, and nothing else.
# What it can do is what its rights let it do; what it is told, it is told by the service alone (packet.py).
# executor.py holds these instructions as the bytes that `as` makes of them; a test compares.
#
#   rbx  the entry: number or operation, six arguments, and where to go on if it fails (0: at the next one);
#        in the place of the last comes the result
#   rbp  STATE: the last result that led elsewhere (8 bytes), its entry (8), and what is named below
#   r13  the program; r14  whether a table failed for good; r15  how long to look
# No stack is used but by the signal's handler. The program's child shares this memory until its execve.

        .set    STATE, 0x10000000
        .set    BUFFER, 0x10001000              # a message: 8 bytes, where its first entry lies; data; entries
        .set    BUFFER_BYTES, 0x28000
        .set    CONTROL, 3                      # the socket
        .set    WAIT_STATUS, 16                 # all of these in STATE
        .set    WORD, 24
        .set    POLL, 32
        .set    NO_TIME, 40                     # zeros: a struct timespec, and a set of signals
        .set    NO_SIGNALS, 40
        .set    HEADER, 64                      # struct msghdr, its iovec, room for 16 descriptors
        .set    VECTOR, 128
        .set    RIGHTS, 192
        .set    RIGHTS_BYTES, 80
        .set    CLONE_FLAGS, 0x4111             # CLONE_VM, CLONE_VFORK, SIGCHLD

_start: mov     $STATE, %ebp
receive:
        lea     VECTOR(%rbp), %rax
        mov     %rax, HEADER+16(%rbp)
        movq    $1, HEADER+24(%rbp)
        lea     RIGHTS(%rbp), %rcx
        mov     %rcx, HEADER+32(%rbp)
        movq    $RIGHTS_BYTES, HEADER+40(%rbp)
        movq    $BUFFER, (%rax)
        movq    $BUFFER_BYTES, 8(%rax)
        mov     $CONTROL, %edi
        lea     HEADER(%rbp), %rsi
        mov     $0x40000000, %edx               # MSG_CMSG_CLOEXEC
        mov     $47, %eax                       # recvmsg
        syscall
        test    %rax, %rax
        jle     exit                            # the service is gone
        test    %r14d, %r14d
        jnz     receive
        mov     BUFFER, %rbx
next:   mov     (%rbx), %rax
        mov     56(%rbx), %r12
        test    %rax, %rax
        js      operation
        mov     8(%rbx), %rdi
        mov     16(%rbx), %rsi
        mov     24(%rbx), %rdx
        mov     32(%rbx), %r10
        mov     40(%rbx), %r8
        mov     48(%rbx), %r9
        syscall
made:   mov     %rax, 56(%rbx)
        test    %rax, %rax
        jns     forward
        test    %r12, %r12
        jz      forward
        mov     %rax, (%rbp)
        mov     %rbx, 8(%rbp)
        mov     %r12, %rbx
        jmp     next
forward:
        add     $64, %rbx
        jmp     next

operation:
        inc     %rax
        jz      receive                         # -1: the table ends
        inc     %rax
        jz      start                           # -2
        inc     %rax
        jz      supervise                       # -3
        mov     $1, %r14d                       # else: nothing that comes is done any more
        jmp     receive

start:  mov     $CLONE_FLAGS, %edi
        xor     %esi, %esi
        xor     %edx, %edx
        xor     %r10d, %r10d
        xor     %r8d, %r8d
        mov     $56, %eax                       # clone: this process waits for the child's execve or end
        syscall
        mov     %eax, %r13d
        test    %rax, %rax
        jnz     made
        mov     8(%rbx), %rbx                   # the child goes on in the table of the first argument
        jmp     next

supervise:                                      # collects what ends until the program did, and its orphans
        mov     $-1, %rdi
        lea     WAIT_STATUS(%rbp), %rsi
        mov     $1, %edx                        # WNOHANG
        xor     %r10d, %r10d
        mov     $61, %eax                       # wait4
        syscall
        xor     %r15d, %r15d
        test    %rax, %rax
        js      made
        jz      look                            # for as long as it takes
        cmp     %eax, %r13d
        je      ended
        lea     NO_TIME(%rbp), %r15             # there may be more, yet ends without cease are to hide nothing
look:   movl    $CONTROL, POLL(%rbp)
        movl    $1, POLL+4(%rbp)                # POLLIN
        lea     POLL(%rbp), %rdi
        mov     $1, %esi
        mov     %r15, %rdx
        lea     NO_SIGNALS(%rbp), %r10          # else SIGCHLD is blocked, so that it ends this wait
        mov     $8, %r8d
        mov     $271, %eax                      # ppoll
        syscall
        test    %rax, %rax
        jle     supervise
        mov     $CONTROL, %edi
        lea     WORD(%rbp), %rsi
        mov     $8, %edx
        xor     %eax, %eax                      # read: whatever comes now asks for the end of the run
        syscall
        test    %rax, %rax
        jle     exit
        mov     $-1, %rdi
        mov     $9, %esi
        mov     $62, %eax                       # kill
        syscall
        jmp     supervise

ended:  mov     WAIT_STATUS(%rbp), %eax
        mov     %rax, 56(%rbx)
        mov     $-1, %rdi
        mov     $9, %esi
        mov     $62, %eax                       # kill all but itself: atomic against fork, none is missed
        syscall
rest:   mov     $-1, %rdi
        xor     %esi, %esi
        xor     %edx, %edx
        xor     %r10d, %r10d
        mov     $61, %eax
        syscall
        test    %rax, %rax
        jns     rest                            # until there is no child
        jmp     forward

exit:   xor     %edi, %edi
        mov     $231, %eax                      # exit_group
        syscall

handler:                                        # of a run's timer
        mov     $-1, %rdi
        mov     $9, %esi
        mov     $62, %eax                       # kill
        syscall
nothing:                                        # of SIGCHLD
        ret
restorer:
        mov     $15, %eax                       # rt_sigreturn
        syscall
