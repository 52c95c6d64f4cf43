# A child by clone that goes through a table of system calls, the last of them an execve; see calls.py, which holds
# these instructions as bytes. It shares its parent's memory (vfork), so it uses no stack and writes to nothing but the
# table.
#
#   long start(long *table, long clone_flags)   the child's pid, or an error

start:  push    %rbx
        mov     %rdi, %rbx
        mov     %rsi, %rdi
        xor     %esi, %esi
        xor     %edx, %edx
        xor     %r10d, %r10d
        xor     %r8d, %r8d
        mov     $56, %eax                       # clone
        syscall
        test    %rax, %rax
        jnz     parent
next:   mov     (%rbx), %rax                    # a call's number
        test    %rax, %rax
        js      exit                            # there is none behind the last
        mov     8(%rbx), %rdi
        mov     16(%rbx), %rsi
        mov     24(%rbx), %rdx
        mov     32(%rbx), %r10
        mov     40(%rbx), %r8
        mov     48(%rbx), %r9
        syscall
        mov     %rax, 56(%rbx)                  # what it returned
        add     $64, %rbx
        test    %rax, %rax
        jns     next
exit:   mov     $127, %edi
        mov     $231, %eax                      # exit_group
        syscall
parent: pop     %rbx
        ret
