#include "network.h"

#include "clock.h"
#include "hooks.h"
#include "panic.h"
#include "virtio_net.h"

#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/netif.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/prot/tcp.h>
#include <lwip/sys.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>
#include <string.h>

enum {
    FRAMES_PER_POLL = 64, /* so that a flood of frames does not keep timers and work waiting */
    NO_OPERATION = 1, /* RFC 9293, section 3.2 */
    TIME_WAIT_MAX = 256,
    HALF_OPEN_MAX = 180, /* with FRAMES_PER_POLL below the listener's backlog of 255 */
};

static struct netif card;

uint32_t sys_now(void) { return clock_milliseconds(); }

static err_t send_frame(struct netif *netif, struct pbuf *frame)
{
    (void)netif;
    if (frame->tot_len > ETHERNET_FRAME_BYTES_MAX) {
        return ERR_IF;
    }
    void *buffer = virtio_net_buffer();
    if (buffer == NULL) {
        return ERR_MEM; /* TCP sends it again */
    }
    pbuf_copy_partial(frame, buffer, frame->tot_len, 0);
    virtio_net_send(frame->tot_len);
    return ERR_OK;
}

static err_t begin_card(struct netif *netif)
{
    netif->name[0] = 'v';
    netif->name[1] = 'n';
    netif->mtu = 1500;
    netif->hwaddr_len = 6;
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
    netif->output = etharp_output;
    netif->linkoutput = send_frame;
    return ERR_OK;
}

void network_begin(const char *command_line, const struct configuration *configuration)
{
    lwip_init();
    virtio_net_begin(command_line, card.hwaddr);
    if (netif_add(&card, NULL, NULL, NULL, NULL, begin_card, ethernet_input) == NULL) {
        panic("lwIP does not take the network card");
    }
    netif_set_default(&card);
    network_set_address(configuration);
}

void network_set_mac(const uint8_t mac[6])
{
    /* QEMU's card gives the guest every frame until the guest asks for a filter, which this one does not. */
    memcpy(card.hwaddr, mac, sizeof card.hwaddr);
}

uint32_t network_address(void) { return lwip_ntohl(netif_ip4_addr(&card)->addr); }

void network_set_address(const struct configuration *configuration)
{
    ip4_addr_t address = {lwip_htonl(configuration->address)};
    ip4_addr_t mask = {lwip_htonl(~(0xffffffffu >> configuration->prefix))};
    ip4_addr_t gateway = {lwip_htonl(configuration->gateway)};
    if (configuration->gateway == 0) {
        gateway = *netif_ip4_gw(&card); /* an identity without a gateway leaves it as it is; at the start there is none */
    }
    netif_set_down(&card);
    netif_set_addr(&card, &address, &mask, &gateway);
    netif_set_up(&card); /* announces the address by ARP */
    network_flush();
}

/* lwIP obeys a maximum segment size in any segment, also after the handshake, and then finds its own queue too long
   and stops on an assertion: one segment from anybody would end the machine. Nothing but the handshake needs options
   here, so in all other segments they are made into no-operations. The checksum has been checked before. */
err_t network_check_segment(struct tcp_pcb *pcb, struct tcp_hdr *header, u16_t options, u16_t options_first,
                            u8_t *options_rest, struct pbuf *data)
{
    (void)pcb;
    (void)data;
    if (options > 0 && !(TCPH_FLAGS(header) & TCP_SYN)) {
        memset(header + 1, NO_OPERATION, options_first);
        if (options > options_first && options_rest != NULL) {
            memset(options_rest, NO_OPERATION, (size_t)(options - options_first));
        }
    }
    return ERR_OK;
}

static void receive_frame(const void *bytes, size_t length)
{
    struct pbuf *frame = pbuf_alloc(PBUF_RAW, (u16_t)length, PBUF_RAM);
    if (frame == NULL) {
        return; /* no memory: lost, as on a wire; TCP sends it again */
    }
    memcpy(frame->payload, bytes, length);
    if (ethernet_input(frame, &card) != ERR_OK) {
        pbuf_free(frame);
    }
}

/* Connections in TIME-WAIT only remember that they were. Many of them, after a burst of short connections, cost memory,
   slow down the search for every new connection, and keep the client from using the same port again: the oldest, at
   the list's end, are forgotten early, as other systems do (Linux: tcp_max_tw_buckets). */
static void shed_time_wait(void)
{
    struct tcp_pcb *last = tcp_tw_pcbs;
    for (int kept = 1; last != NULL && kept < TIME_WAIT_MAX; kept++) {
        last = last->next;
    }
    while (last != NULL && last->next != NULL) {
        tcp_abort(last->next);
    }
}

/* Handshakes that are not going on, as in a flood of SYNs, would fill the backlog for 20 s: the ones that have been
   quiet for longest, at the list's end, are dropped. */
static void shed_half_open(void)
{
    struct tcp_pcb_listen *listener = tcp_listen_pcbs.listen_pcbs;
    while (listener != NULL && listener->accepts_pending > HALF_OPEN_MAX) {
        struct tcp_pcb *oldest = NULL;
        for (struct tcp_pcb *at = tcp_active_pcbs; at != NULL; at = at->next) {
            oldest = at->state == SYN_RCVD ? at : oldest;
        }
        if (oldest == NULL) {
            return;
        }
        tcp_abort(oldest);
    }
}

bool network_poll(void)
{
    int frames = 0;
    size_t length;
    const void *frame;
    while (frames < FRAMES_PER_POLL && (frame = virtio_net_receive(&length)) != NULL) {
        receive_frame(frame, length);
        virtio_net_release();
        frames++;
    }
    sys_check_timeouts();
    shed_time_wait();
    shed_half_open();
    network_flush();
    return frames > 0;
}

void network_flush(void) { virtio_net_flush(); }

uint32_t network_due(void) { return sys_timeouts_sleeptime(); }

bool network_may_sleep(void)
{
    if (!virtio_net_pending(true)) {
        return true;
    }
    (void)virtio_net_pending(false);
    return false;
}
