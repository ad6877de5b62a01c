#include "network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static const char card[] = "eth0";

/* Linux forgets the route with the last address of the card, so it is set again after each change of the address. */
static uint32_t known_gateway;

static struct sockaddr internet_address(uint32_t address)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    struct sockaddr generic;
    memcpy(&generic, &in, sizeof generic);
    return generic;
}

static struct ifreq request_for(const char *name)
{
    struct ifreq request;
    memset(&request, 0, sizeof request);
    memcpy(request.ifr_name, name, strlen(name));
    return request;
}

static bool set_up(int control, const char *name)
{
    struct ifreq request = request_for(name);
    if (ioctl(control, SIOCGIFFLAGS, &request) < 0) {
        return false;
    }
    request.ifr_flags |= IFF_UP | IFF_RUNNING;
    return ioctl(control, SIOCSIFFLAGS, &request) == 0;
}

static struct rtentry default_route(uint32_t gateway)
{
    struct rtentry route;
    memset(&route, 0, sizeof route);
    route.rt_dst = internet_address(INADDR_ANY);
    route.rt_genmask = internet_address(INADDR_ANY);
    route.rt_gateway = internet_address(gateway);
    route.rt_flags = RTF_UP | (gateway != 0 ? RTF_GATEWAY : 0);
    return route;
}

/* With no route left there is nothing to remove: that is no failure. */
static bool remove_default_routes(int control)
{
    struct rtentry route = default_route(0);
    int removed;
    do {
        removed = ioctl(control, SIOCDELRT, &route);
    } while (removed == 0);
    return errno == ESRCH;
}

static const char *set_address(int control, uint32_t address, uint8_t prefix)
{
    struct ifreq request = request_for(card);
    request.ifr_addr = internet_address(address); /* replaces the one it had */
    if (ioctl(control, SIOCSIFADDR, &request) < 0) {
        return "the address cannot be set";
    }
    request.ifr_netmask = internet_address(~(UINT32_MAX >> prefix));
    return ioctl(control, SIOCSIFNETMASK, &request) < 0 ? "the network mask cannot be set" : NULL;
}

static const char *set_gateway(int control, uint32_t gateway)
{
    struct rtentry route = default_route(gateway);
    if (!remove_default_routes(control)) {
        return "the old route cannot be removed";
    }
    known_gateway = gateway;
    return ioctl(control, SIOCADDRT, &route) < 0 ? "the route to the gateway cannot be set" : NULL;
}

static const char *set_mac(int control, const uint8_t mac[6])
{
    struct ifreq request = request_for(card);
    request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
    memcpy(request.ifr_hwaddr.sa_data, mac, 6);
    if (ioctl(control, SIOCSIFHWADDR, &request) == 0) {
        return NULL;
    }
    /* A card that cannot change it while it is up. */
    struct ifreq flags = request_for(card);
    if (errno != EBUSY || ioctl(control, SIOCGIFFLAGS, &flags) < 0) {
        return "the MAC cannot be set";
    }
    flags.ifr_flags &= ~IFF_UP;
    bool done = ioctl(control, SIOCSIFFLAGS, &flags) == 0 && ioctl(control, SIOCSIFHWADDR, &request) == 0;
    return set_up(control, card) && done ? NULL : "the MAC cannot be set";
}

static const char *configure(int control, const struct configuration *configuration)
{
    const char *wrong;
    if (!set_up(control, "lo")) {
        return "the loopback cannot be set up";
    }
    if (!configuration->has_address) {
        return NULL;
    }
    if (!set_up(control, card)) {
        return "there is no network card eth0";
    }
    wrong = set_address(control, configuration->address, configuration->prefix);
    return wrong != NULL || !configuration->has_gateway ? wrong : set_gateway(control, configuration->gateway);
}

static const char *change(int control, const struct identity *identity)
{
    const char *wrong = identity->has_mac ? set_mac(control, identity->mac) : NULL;
    if (wrong == NULL && identity->has_address) {
        wrong = set_address(control, identity->address, identity->prefix);
    }
    uint32_t gateway = identity->has_gateway ? identity->gateway : identity->has_address ? known_gateway : 0;
    return wrong != NULL || gateway == 0 ? wrong : set_gateway(control, gateway);
}

static int open_control(void) { return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0); }

const char *network_begin(const struct configuration *configuration)
{
    int control = open_control();
    const char *wrong = control < 0 ? "the kernel has no IPv4" : configure(control, configuration);
    int error = errno;
    close(control);
    errno = error;
    return wrong;
}

const char *network_apply(const struct identity *identity)
{
    int control = open_control();
    const char *wrong = control < 0 ? "the kernel has no IPv4" : change(control, identity);
    int error = errno;
    close(control);
    errno = error;
    return wrong;
}
