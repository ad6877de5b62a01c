/* Entry by the PVH protocol: QEMU starts the 32-bit code at the address in the ELF note XEN_ELFNOTE_PHYS32_ENTRY (18)
   with paging off, flat segments and EBX pointing at the start information (Xen, docs/misc/pvh.pandoc). From here to
   long mode is as in the Intel SDM, volume 3, section 10.8.5. */
        .section .note.pvh, "a", @note
        .balign 4
        .long 4                         /* length of the name */
        .long 4                         /* length of the value */
        .long 18
        .asciz "Xen"
        .long start32

        CODE64 = 0x08
        DATA = 0x10
        PRESENT_WRITABLE = 0x003
        LARGE = 0x080
        UNCACHED = 0x018
        MSR_EFER = 0xc0000080

        .section .text.boot, "ax", @progbits
        .code32
        .globl start32
start32:
        cli
        cld
        mov %ebx, %ebp                  /* the start information, kept */

        mov $bss_start, %edi            /* not every loader clears it */
        mov $bss_end, %ecx
        sub %edi, %ecx
        shr $2, %ecx
        xor %eax, %eax
        rep stosl

        /* The first GiB, for memory, and the fourth without caching, for the APICs and the devices. */
        movl $(page_directories + PRESENT_WRITABLE), page_pointers
        movl $(page_directories + 0x1000 + PRESENT_WRITABLE), page_pointers + 3 * 8
        movl $(page_pointers + PRESENT_WRITABLE), page_root
        mov $page_directories, %edi
        mov $(PRESENT_WRITABLE | LARGE), %eax
        call fill_directory
        mov $(0xc0000000 | PRESENT_WRITABLE | LARGE | UNCACHED), %eax
        call fill_directory
        mov $page_root, %eax
        mov %eax, %cr3

        mov %cr4, %eax
        or $0x20, %eax                  /* PAE */
        mov %eax, %cr4

        mov $0x80000001, %eax
        cpuid
        mov %edx, %esi                  /* bit 20: pages can be barred from execution */
        mov $MSR_EFER, %ecx
        rdmsr
        or $0x100, %eax                 /* LME: long mode */
        bt $20, %esi
        jnc 1f
        or $0x800, %eax                 /* NXE */
1:      wrmsr

        mov %cr0, %eax
        or $0x80010000, %eax            /* PG, and WP: read-only also binds the kernel */
        mov %eax, %cr0
        lgdt gdt_pointer
        ljmp $CODE64, $start64

/* 512 entries of 2 MiB from EAX on, at EDI. */
fill_directory:
        mov $512, %ecx
1:      mov %eax, (%edi)
        add $0x200000, %eax
        add $8, %edi
        loop 1b
        ret

        .code64
start64:
        mov $DATA, %eax
        mov %eax, %ds
        mov %eax, %es
        mov %eax, %ss
        xor %eax, %eax
        mov %eax, %fs
        mov %eax, %gs
        mov $stack_top, %esp
        mov %ebp, %edi
        xor %ebp, %ebp
        call start
1:      hlt
        jmp 1b

        .section .data
        .balign 8
        .globl gdt
gdt:
        .quad 0
        .quad 0x00af9a000000ffff        /* CODE64 */
        .quad 0x00cf92000000ffff        /* DATA */
        .quad 0, 0                      /* task state, filled in by interrupts.c */
gdt_pointer:
        .word gdt_pointer - gdt - 1
        .quad gdt

        .section .bss.pages, "aw", @nobits
        .balign 4096
        .globl page_directories, page_table
page_root:
        .skip 4096
page_pointers:
        .skip 4096
page_directories:
        .skip 2 * 4096
page_table:                             /* the first 2 MiB in pages of 4 KiB, see paging.c */
        .skip 4096
        .globl stack_guard
stack_guard:                            /* not mapped: a stack that runs over is noticed */
        .skip 4096
        .skip 16384
stack_top:

        .section .note.GNU-stack, "", @progbits
