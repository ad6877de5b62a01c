/* What a machine does after it was restored from a snapshot, or cloned from a template. The host announces it by a
   non-maskable interrupt (QMP: inject-nmi). */
#ifndef PLEIAD_RESTORE_H
#define PLEIAD_RESTORE_H

/* New random state and a newly measured clock; and, when the machine has a file opt/pleiad/address in QEMU's fw_cfg
   with the words ip= and gw= of the command line, that address. Open connections of another address are reset; the
   port stays. Writes "pleiad: restored" with the address, or what is wrong with the new one. */
void restore_apply(void);

#endif
