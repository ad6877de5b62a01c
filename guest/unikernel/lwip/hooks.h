/* Where lwIP asks the guest; defined in ../network.c. */
#ifndef PLEIAD_LWIP_HOOKS_H
#define PLEIAD_LWIP_HOOKS_H

#include <lwip/arch.h>
#include <lwip/err.h>

struct pbuf;
struct tcp_hdr;
struct tcp_pcb;

err_t network_check_segment(struct tcp_pcb *pcb, struct tcp_hdr *header, u16_t options, u16_t options_first,
                            u8_t *options_rest, struct pbuf *data);

#endif
