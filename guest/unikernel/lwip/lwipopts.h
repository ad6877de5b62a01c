/* lwIP as it is built into the guest: IPv4 and TCP by the raw interface, no threads (lwIP: src/include/lwip/opt.h). */
#ifndef PLEIAD_LWIPOPTS_H
#define PLEIAD_LWIPOPTS_H

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0

/* All memory from the one heap (include/stdlib.h), so that what is free serves whoever needs it. */
#define MEM_LIBC_MALLOC 1
#define MEMP_MEM_MALLOC 1
#define MEM_ALIGNMENT 8
#define MEM_SIZE 65535 /* only its type matters here */

#define LWIP_ARP 1
#define ETHARP_SUPPORT_STATIC_ENTRIES 0
#define ARP_TABLE_SIZE 16
#define LWIP_IPV4 1
#define LWIP_IPV6 0
#define LWIP_ICMP 1
#define LWIP_RAW 0
#define LWIP_UDP 0
#define LWIP_DNS 0
#define LWIP_DHCP 0
#define LWIP_AUTOIP 0
#define LWIP_IGMP 0
#define IP_FORWARD 0
#define IP_FRAG 0       /* TCP keeps to the segment size */
#define IP_REASSEMBLY 0 /* fragments are dropped: they are not part of any service here */
#define LWIP_STATS 0
#define LWIP_NETIF_STATUS_CALLBACK 0
#define LWIP_SINGLE_NETIF 1

#define LWIP_TCP 1
#define TCP_MSS 1460
#define TCP_WND (8 * TCP_MSS)
#define TCP_SND_BUF (8 * TCP_MSS)
#define TCP_SND_QUEUELEN 32
#define TCP_QUEUE_OOSEQ 1
#define TCP_OOSEQ_MAX_BYTES TCP_WND
#define TCP_OOSEQ_MAX_PBUFS 16
#define TCP_LISTEN_BACKLOG 1
#define LWIP_TCP_KEEPALIVE 1
#define TCP_MSL 1000UL /* TIME-WAIT of 2 s: inside one local network nothing older comes back */
#define TCP_MAXRTX 6
#define TCP_SYNMAXRTX 4
#define LWIP_TCP_TIMESTAMPS 0

#define LWIP_TIMERS 1
#define MEMP_NUM_SYS_TIMEOUT 8

/* Initial sequence numbers that nobody can guess (RFC 6528). */
#include "random.h"
#define LWIP_HOOK_TCP_ISN(local_ip, local_port, remote_ip, remote_port) random_number()
#define LWIP_HOOK_FILENAME "hooks.h"
#define LWIP_HOOK_TCP_INPACKET_PCB network_check_segment

#endif
