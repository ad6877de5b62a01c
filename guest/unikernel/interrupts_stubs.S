/* One stub of equal size for each vector: they bring the stack into the shape of struct trap_frame. */
        .code64
        .section .text
        .globl interrupt_stubs, interrupt_stubs_end, interrupt_spurious

        .balign 16
interrupt_stubs:
        vector = 0
        .rept 0x23
        .balign 16
        /* Intel SDM volume 3, table 6-1: these push an error code themselves. */
        .if vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21
        .else
        push $0
        .endif
        push $vector
        jmp save_and_dispatch
        vector = vector + 1
        .endr
        .balign 16
interrupt_stubs_end:

save_and_dispatch:
        push %rax
        push %rbx
        push %rcx
        push %rdx
        push %rsi
        push %rdi
        push %rbp
        push %r8
        push %r9
        push %r10
        push %r11
        push %r12
        push %r13
        push %r14
        push %r15
        cld
        mov %rsp, %rdi
        mov %rsp, %rbp
        and $-16, %rsp
        call interrupt_dispatch
        mov %rbp, %rsp
        pop %r15
        pop %r14
        pop %r13
        pop %r12
        pop %r11
        pop %r10
        pop %r9
        pop %r8
        pop %rbp
        pop %rdi
        pop %rsi
        pop %rdx
        pop %rcx
        pop %rbx
        pop %rax
        add $16, %rsp
interrupt_spurious:
        iretq

        .section .note.GNU-stack, "", @progbits
