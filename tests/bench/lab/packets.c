/* See packets.h. Authenticators and hidden passwords: RFC 2865 3, 5.2, 5.3; signature: RFC 3579 3.2; MS-CHAPv2: RFC 2548
 * 2.3 and RFC 2759 8. MD4 and DES are OpenSSL's low-level ones: no provider to load, and one call a digest. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "packets.h"

#include <arpa/inet.h>
#include <openssl/des.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/md4.h>
#include <openssl/md5.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    USER_NAME = 1, USER_PASSWORD = 2, CHAP_PASSWORD = 3, NAS_IP_ADDRESS = 4, NAS_PORT = 5, SERVICE_TYPE = 6,
    FRAMED_PROTOCOL = 7, FRAMED_IP_ADDRESS = 8, CLASS = 25, VENDOR_SPECIFIC = 26, CALLING_STATION_ID = 31,
    NAS_IDENTIFIER = 32, ACCT_STATUS_TYPE = 40, ACCT_DELAY_TIME = 41, ACCT_INPUT_OCTETS = 42, ACCT_OUTPUT_OCTETS = 43,
    ACCT_SESSION_ID = 44, ACCT_SESSION_TIME = 46, ACCT_INPUT_PACKETS = 47, ACCT_OUTPUT_PACKETS = 48,
    ACCT_INPUT_GIGAWORDS = 52, ACCT_OUTPUT_GIGAWORDS = 53, CHAP_CHALLENGE = 60, NAS_PORT_TYPE = 61,
    MESSAGE_AUTHENTICATOR = 80
};
enum { MICROSOFT = 311, MS_CHAP_CHALLENGE = 11, MS_CHAP2_RESPONSE = 25 };

static uint64_t state = 88172645463325252ULL;

void packets_init(void) {
    state ^= (uint64_t)getpid() * 2654435761u ^ (uint64_t)time(NULL) << 32;
}

uint64_t packets_random(void) { /* xorshift: fast, and nobody has to be kept from guessing it */
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static void random_octets(uint8_t *at, int count) {
    for (int i = 0; i < count; i += 8) {
        uint64_t word = packets_random();
        memcpy(at + i, &word, count - i < 8 ? count - i : 8);
    }
}

static void add(struct packet *p, int type, const void *value, int length) {
    p->octets[p->length] = type;
    p->octets[p->length + 1] = length + 2;
    memcpy(p->octets + p->length + 2, value, length);
    p->length += length + 2;
}

static void add_integer(struct packet *p, int type, uint32_t value) {
    value = htonl(value);
    add(p, type, &value, 4);
}

static void add_text(struct packet *p, int type, const char *text) {
    add(p, type, text, strlen(text));
}

static void add_microsoft(struct packet *p, int type, const uint8_t *value, int length) {
    uint8_t whole[64] = {0, 0, MICROSOFT >> 8, MICROSOFT & 255, type, length + 2};
    memcpy(whole + 6, value, length);
    add(p, VENDOR_SPECIFIC, whole, length + 6);
}

static void set_length(struct packet *p) {
    p->octets[2] = p->length >> 8;
    p->octets[3] = p->length;
}

/* what every request of a subscriber carries: a PPP session at a port of its own, from a MAC of its own */
static void add_place(struct packet *p, uint32_t user) {
    char mac[32];
    snprintf(mac, sizeof mac, "02:00:%02X:%02X:%02X:%02X", user >> 24, user >> 16 & 255, user >> 8 & 255, user & 255);
    add_integer(p, NAS_IP_ADDRESS, 0x7f000001);
    add_integer(p, NAS_PORT, user & 0xffff);
    add_integer(p, SERVICE_TYPE, 2);
    add_integer(p, FRAMED_PROTOCOL, 1);
    add_text(p, CALLING_STATION_ID, mac);
    add_text(p, NAS_IDENTIFIER, "bench-nas");
    add_integer(p, NAS_PORT_TYPE, 15);
}

static void add_pap(struct packet *p, const char *password, const char *secret) {
    uint8_t hidden[64] = {0}, digest[16];
    int length = strlen(password), padded = length ? (length + 15) / 16 * 16 : 16;
    const uint8_t *previous = p->octets + 4;
    memcpy(hidden, password, length);
    for (int i = 0; i < padded; i += 16) {
        MD5_CTX md5;
        MD5_Init(&md5);
        MD5_Update(&md5, secret, strlen(secret));
        MD5_Update(&md5, previous, 16);
        MD5_Final(digest, &md5);
        for (int j = 0; j < 16; j++) hidden[i + j] ^= digest[j];
        previous = hidden + i;
    }
    add(p, USER_PASSWORD, hidden, padded);
}

static void add_chap(struct packet *p, const char *password) {
    uint8_t challenge[16], response[17];
    MD5_CTX md5;
    random_octets(challenge, 16);
    response[0] = p->octets[1];
    MD5_Init(&md5);
    MD5_Update(&md5, response, 1);
    MD5_Update(&md5, password, strlen(password));
    MD5_Update(&md5, challenge, 16);
    MD5_Final(response + 1, &md5);
    add(p, CHAP_PASSWORD, response, 17);
    add(p, CHAP_CHALLENGE, challenge, 16);
}

static void des(const uint8_t *seven, const uint8_t *clear, uint8_t *cipher) { /* RFC 2759 8.6: 56 bits of key */
    DES_cblock key;
    DES_key_schedule schedule;
    uint64_t bits = 0;
    for (int i = 0; i < 7; i++) bits = bits << 8 | seven[i];
    for (int i = 0; i < 8; i++) key[i] = bits >> (49 - 7 * i) << 1; /* parity is not looked at */
    DES_set_key_unchecked(&key, &schedule);
    DES_ecb_encrypt((const_DES_cblock *)clear, (DES_cblock *)cipher, &schedule, DES_ENCRYPT);
}

static void add_mschap(struct packet *p, const char *user_name, const char *password) {
    uint8_t challenge[16], response[50] = {0}, utf16[128] = {0}, hash[21] = {0}, digest[20];
    uint8_t *peer = response + 2, *answer = response + 26;
    int length = strlen(password);
    SHA_CTX sha;
    random_octets(challenge, 16);
    random_octets(peer, 16);
    response[0] = p->octets[1];
    for (int i = 0; i < length; i++) utf16[2 * i] = password[i];
    MD4(utf16, 2 * length, hash);
    SHA1_Init(&sha);
    SHA1_Update(&sha, peer, 16);
    SHA1_Update(&sha, challenge, 16);
    SHA1_Update(&sha, user_name, strlen(user_name));
    SHA1_Final(digest, &sha);
    for (int i = 0; i < 3; i++) des(hash + 7 * i, digest, answer + 8 * i);
    add_microsoft(p, MS_CHAP_CHALLENGE, challenge, 16);
    add_microsoft(p, MS_CHAP2_RESPONSE, response, 50);
}

void packets_access(struct packet *p, int id, enum method method, const struct population *all, uint32_t user) {
    char name[64], password[32];
    uint8_t blank[16] = {0};
    unsigned length;
    p->octets[0] = ACCESS_REQUEST;
    p->octets[1] = id;
    random_octets(p->octets + 4, 16);
    p->length = 20;
    snprintf(name, sizeof name, "%.32s%07u", all->prefix, user);
    if (all->password)
        snprintf(password, sizeof password, "%.31s", all->password);
    else
        snprintf(password, sizeof password, "pw%07u", user);
    add_text(p, USER_NAME, name);
    if (method == PAP) add_pap(p, password, all->secret);
    if (method == CHAP) add_chap(p, password);
    if (method == MSCHAP) add_mschap(p, name, password);
    add_place(p, user);
    add(p, MESSAGE_AUTHENTICATOR, blank, 16);
    set_length(p);
    HMAC(EVP_md5(), all->secret, strlen(all->secret), p->octets, p->length, p->octets + p->length - 16, &length);
}

static void add_counter(struct packet *p, int low, int high, uint64_t octets) {
    add_integer(p, low, octets);
    if (octets >> 32) add_integer(p, high, octets >> 32);
}

void packets_accounting(struct packet *p, int id, const struct record *r, const struct population *all, uint32_t user) {
    char name[64];
    MD5_CTX md5;
    p->octets[0] = ACCOUNTING_REQUEST;
    p->octets[1] = id;
    memset(p->octets + 4, 0, 16);
    p->length = 20;
    snprintf(name, sizeof name, "%.32s%07u", all->prefix, user);
    add_text(p, USER_NAME, name);
    add_place(p, user);
    add_integer(p, ACCT_STATUS_TYPE, r->status);
    add_text(p, ACCT_SESSION_ID, r->session_id);
    add_integer(p, FRAMED_IP_ADDRESS, 0x0a000000 + user);
    if (r->class_length) add(p, CLASS, r->class, r->class_length);
    if (r->status != START) {
        add_integer(p, ACCT_SESSION_TIME, r->session_seconds);
        add_counter(p, ACCT_INPUT_OCTETS, ACCT_INPUT_GIGAWORDS, r->octets_in);
        add_counter(p, ACCT_OUTPUT_OCTETS, ACCT_OUTPUT_GIGAWORDS, r->octets_out);
        add_integer(p, ACCT_INPUT_PACKETS, r->octets_in / 500);
        add_integer(p, ACCT_OUTPUT_PACKETS, r->octets_out / 1000);
    }
    add_integer(p, ACCT_DELAY_TIME, 0);
    set_length(p);
    MD5_Init(&md5);
    MD5_Update(&md5, p->octets, p->length);
    MD5_Update(&md5, all->secret, strlen(all->secret));
    MD5_Final(p->octets + 4, &md5);
}

int packets_class(const uint8_t *reply, int length, uint8_t *class) {
    for (int at = 20; at + 2 <= length && reply[at + 1] >= 2; at += reply[at + 1])
        if (reply[at] == CLASS && at + reply[at + 1] <= length && reply[at + 1] - 2 <= CLASS_OCTETS) {
            memcpy(class, reply + at + 2, reply[at + 1] - 2);
            return reply[at + 1] - 2;
        }
    return 0;
}
