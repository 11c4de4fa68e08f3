/* RADIUS packets as a router sends them: Access-Request by three methods, Accounting-Request, reply's Class. */
#ifndef PACKETS_H
#define PACKETS_H

#include <stdint.h>

enum method { PAP, CHAP, MSCHAP };
enum status { START = 1, STOP = 2, INTERIM = 3 }; /* Acct-Status-Type, RFC 2866 5.1 */
enum code { ACCESS_REQUEST = 1, ACCESS_ACCEPT = 2, ACCESS_REJECT = 3, ACCOUNTING_REQUEST = 4, ACCOUNTING_RESPONSE = 5 };

#define PACKET_OCTETS 512
#define CLASS_OCTETS 64

struct packet {
    uint8_t octets[PACKET_OCTETS];
    int length;
};

/* user0000000, user0000001, ...; password pw0000000, ... unless all have the same */
struct population {
    const char *secret, *prefix, *password;
};

struct record {
    enum status status;
    char session_id[32];
    uint32_t session_seconds;
    uint64_t octets_in, octets_out;
    uint8_t class[CLASS_OCTETS];
    int class_length; /* 0: none */
};

void packets_init(void);
uint64_t packets_random(void);
void packets_access(struct packet *, int id, enum method, const struct population *, uint32_t user);
void packets_accounting(struct packet *, int id, const struct record *, const struct population *, uint32_t user);
int packets_class(const uint8_t *reply, int length, uint8_t *class);

#endif
