/* radload: a RADIUS load generator for loopback, with packets of as many subscribers as wanted.
 *
 *     radload MODE port=1812 secret=... users=100000 [in_flight=64] [seconds=5] [warm=0] [rate=0] [prefix=user]
 *             [password=...] [once=0] [opened=...] [acct_port=1813] [results=FILE]
 *
 * pap, chap, mschap   Access-Requests. `password` sends that one for everybody
 * start               Accounting Starts, a new session each
 * interim             Interim-Updates of one session a user (sNNNNNNN), open since `opened` (seconds since 1970)
 * open                the Starts of those sessions
 * cycle               Start, three Interim-Updates, Stop of a user's session, then the next session
 * storm               each user once: authenticates by PAP, then sends the Start with the Class that came back
 *
 * Closed loop: `in_flight` requests under way at any time; rate=N starts at most N a second. `once`: each user once, in
 * scattered order. A request is sent again after a second, five times in all, and is then lost. What was answered in the
 * first `warm` seconds is not counted. One line of JSON comes out; `results`: user,code,answered at,started at (CSV, by the
 * monotonic clock, 0 where never) for each user of a storm.
 */
#define _GNU_SOURCE
#include "packets.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SOCKETS 32
#define PER_SOCKET 128 /* of 256 identifiers, so that one is not used again at once */
#define TRIES 5
#define RESEND_SECONDS 1.0
#define PHASES 5 /* of a session in cycle */

enum stage { AUTH, ACCT };

struct slot {
    struct packet packet;
    double first_at, sent_at;
    int busy, tries;
    uint32_t user;
};

struct link {
    int fd, in_flight, next_id;
    enum stage stage;
    struct slot slots[256];
};

struct subscriber {
    uint32_t sent; /* records of a cycle */
    int code;
    double answered_at, started_at, opened_at;
};

static struct {
    const char *mode, *results;
    struct population population;
    int port, acct_port, in_flight, once;
    uint32_t users;
    double seconds, warm, rate, opened;
} want = {.population = {.secret = "testing123", .prefix = "user"}, .port = 1812, .acct_port = 1813, .in_flight = 64,
          .users = 1000, .seconds = 5};

static struct link *links[2 * SOCKETS];
static struct pollfd polled[2 * SOCKETS];
static int link_count, in_flight, is_storm, is_auth;
static enum method method;
static struct subscriber *subscribers;
static uint64_t begun, accepted, rejected, responded, lost, resent;
static float *waits;
static uint64_t wait_count, wait_limit;
static double began_at, run_id;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static double wall(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static void fail(const char *what) {
    perror(what);
    exit(2);
}

static void parse(int count, char **words) {
    struct { const char *name; int *integer; double *real; const char **text; } options[] = {
        {"port", &want.port, 0, 0}, {"acct_port", &want.acct_port, 0, 0}, {"in_flight", &want.in_flight, 0, 0},
        {"once", &want.once, 0, 0}, {"users", (int *)&want.users, 0, 0}, {"seconds", 0, &want.seconds, 0},
        {"warm", 0, &want.warm, 0}, {"rate", 0, &want.rate, 0}, {"opened", 0, &want.opened, 0},
        {"secret", 0, 0, &want.population.secret}, {"prefix", 0, 0, &want.population.prefix},
        {"password", 0, 0, &want.population.password}, {"results", 0, 0, &want.results},
    };
    want.mode = words[1];
    for (int i = 2; i < count; i++) {
        char *value = strchr(words[i], '=');
        unsigned n = 0;
        if (value) *value++ = 0;
        while (n < sizeof options / sizeof *options && strcmp(options[n].name, words[i])) n++;
        if (!value || n == sizeof options / sizeof *options) {
            fprintf(stderr, "radload: no such option: %s\n", words[i]);
            exit(2);
        }
        if (options[n].integer) *options[n].integer = atoi(value);
        if (options[n].real) *options[n].real = atof(value);
        if (options[n].text) *options[n].text = value;
    }
}

static void open_links(enum stage stage, int port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int wanted = (want.in_flight + PER_SOCKET - 1) / PER_SOCKET, octets = 4 << 20;
    if (wanted > SOCKETS) wanted = SOCKETS;
    for (int i = 0; i < wanted; i++) {
        struct link *l = calloc(1, sizeof *l);
        l->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        setsockopt(l->fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets);
        if (l->fd < 0 || connect(l->fd, (void *)&to, sizeof to)) fail("radload: socket");
        l->stage = stage;
        polled[link_count] = (struct pollfd){.fd = l->fd, .events = POLLIN};
        links[link_count++] = l;
    }
}

static struct link *roomiest(enum stage stage) {
    struct link *best = NULL;
    for (int i = 0; i < link_count; i++)
        if (links[i]->stage == stage && (!best || links[i]->in_flight < best->in_flight)) best = links[i];
    return best->in_flight < 255 ? best : NULL;
}

static void fill_record(struct record *r, uint32_t user, const uint8_t *class, int class_length) {
    struct subscriber *s = &subscribers[user];
    double open_seconds = wall() - want.opened;
    r->class_length = class_length;
    if (class_length) memcpy(r->class, class, class_length);
    if (!strcmp(want.mode, "interim") || !strcmp(want.mode, "open")) {
        r->status = want.mode[0] == 'o' ? START : INTERIM;
        snprintf(r->session_id, sizeof r->session_id, "s%07u", user);
    } else if (!strcmp(want.mode, "cycle")) {
        int phase = s->sent % PHASES;
        r->status = phase == 0 ? START : phase == PHASES - 1 ? STOP : INTERIM;
        if (phase == 0) s->opened_at = wall();
        open_seconds = wall() - s->opened_at;
        snprintf(r->session_id, sizeof r->session_id, "%08x%07u%06u", (unsigned)run_id, user, s->sent++ / PHASES);
    } else {
        r->status = START;
        snprintf(r->session_id, sizeof r->session_id, "%08x%08x", (unsigned)run_id, (unsigned)begun);
    }
    r->session_seconds = open_seconds;
    r->octets_in = open_seconds * 1e6; /* rising by the microsecond: no two records of a session tell the same */
    r->octets_out = open_seconds * 9e6;
}

static void transmit(struct link *l, struct slot *s, double at) {
    s->sent_at = at;
    s->tries++;
    if (send(l->fd, s->packet.octets, s->packet.length, 0) < 0) return; /* nobody there, or full: it is sent again */
}

static int begin(enum stage stage, uint32_t user, const uint8_t *class, int class_length) {
    struct link *l = roomiest(stage);
    struct record record;
    double at;
    int id;
    if (!l) return 0;
    do id = l->next_id++ & 255; while (l->slots[id].busy);
    struct slot *s = &l->slots[id];
    if (stage == AUTH) {
        packets_access(&s->packet, id, method, &want.population, user);
    } else {
        fill_record(&record, user, class, class_length);
        packets_accounting(&s->packet, id, &record, &want.population, user);
    }
    at = now();
    s->user = user;
    s->busy = 1;
    s->tries = 0;
    s->first_at = at;
    l->in_flight++;
    transmit(l, s, at);
    return 1;
}

static void end(struct link *l, struct slot *s) {
    s->busy = 0;
    l->in_flight--;
    in_flight--;
}

static uint32_t pick(void) {
    uint32_t step = want.users % 7919 ? 7919 : 7927; /* primes: every user comes once, none beside the last */
    return want.once ? begun * step % want.users : packets_random() % want.users;
}

static void begin_more(void) {
    double passed = now() - began_at;
    while (in_flight < want.in_flight && passed < want.seconds && !(want.once && begun == want.users) &&
           !(want.rate && begun >= want.rate * passed)) {
        if (!begin(is_auth || is_storm ? AUTH : ACCT, pick(), NULL, 0)) break;
        begun++;
        in_flight++;
    }
}

static void count(struct slot *s, int code, double at) {
    if (at - began_at < want.warm) return;
    if (wait_count < wait_limit) waits[wait_count++] = (at - s->first_at) * 1e3;
    if (code == ACCESS_ACCEPT) accepted++;
    else if (code == ACCESS_REJECT) rejected++;
    else responded++;
}

static void take(struct link *l, const uint8_t *reply, int length) {
    struct slot *s = &l->slots[reply[1]];
    double at = now();
    uint8_t class[CLASS_OCTETS];
    if (!s->busy) return; /* the answer to a copy of one that has been answered */
    end(l, s);
    count(s, reply[0], at);
    if (!is_storm) return;
    if (l->stage == ACCT) {
        subscribers[s->user].started_at = at;
        return;
    }
    subscribers[s->user].code = reply[0];
    subscribers[s->user].answered_at = at;
    if (reply[0] == ACCESS_ACCEPT && begin(ACCT, s->user, class, packets_class(reply, length, class))) in_flight++;
}

static void receive(void) {
    uint8_t reply[4096];
    for (int i = 0; i < link_count; i++) {
        if (!(polled[i].revents & POLLIN)) continue;
        for (int n = 0; n < 256; n++) {
            int length = recv(links[i]->fd, reply, sizeof reply, 0);
            if (length < 20) break;
            take(links[i], reply, length);
            if (!is_storm) begin_more();
        }
    }
}

static void resend(void) {
    double at = now();
    for (int i = 0; i < link_count; i++)
        for (int id = 0; id < 256; id++) {
            struct slot *s = &links[i]->slots[id];
            if (!s->busy || at - s->sent_at < RESEND_SECONDS) continue;
            if (s->tries < TRIES) {
                resent++;
                transmit(links[i], s, at);
            } else {
                lost++;
                end(links[i], s);
            }
        }
}

static void run(void) {
    double looked_at = began_at = now();
    begin_more();
    while (in_flight > 0 || now() - began_at < want.seconds) {
        if (want.once && begun == want.users && !in_flight) break;
        if (now() - began_at > want.seconds + TRIES * RESEND_SECONDS + 1) break;
        poll(polled, link_count, want.rate ? 1 : 20);
        receive();
        begin_more();
        if (now() - looked_at > 0.2) {
            looked_at = now();
            resend();
        }
    }
}

static int by_size(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void report(void) {
    static const double shares[] = {0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9999, 1};
    double seconds = now() - began_at, busy = clock() / (double)CLOCKS_PER_SEC / seconds;
    if (!want.once && seconds > want.seconds) seconds = want.seconds; /* the last ones' way back is not counted */
    qsort(waits, wait_count, sizeof *waits, by_size);
    printf("{\"mode\": \"%s\", \"rate\": %.1f, \"seconds\": %.3f, \"accepted\": %lu, \"rejected\": %lu, \"responded\": %lu,"
           " \"lost\": %lu, \"resent\": %lu, \"busy\": %.3f, \"milliseconds\": {", want.mode,
           (accepted + rejected + responded) / (seconds - want.warm), seconds - want.warm, accepted, rejected, responded,
           lost, resent, busy);
    for (unsigned i = 0; i < sizeof shares / sizeof *shares; i++)
        printf("%s\"%g\": %.4f", i ? ", " : "", shares[i] * 100,
               wait_count ? waits[(uint64_t)((wait_count - 1) * shares[i])] : 0);
    printf("}}\n");
}

static void write_results(void) {
    FILE *file = fopen(want.results, "w");
    if (!file) fail("radload: results");
    for (uint32_t i = 0; i < want.users; i++)
        fprintf(file, "%u,%d,%.6f,%.6f\n", i, subscribers[i].code, subscribers[i].answered_at, subscribers[i].started_at);
    if (fclose(file)) fail("radload: results");
}

int main(int count, char **words) {
    static const char *modes[] = {"pap", "chap", "mschap", "start", "interim", "open", "cycle", "storm"};
    unsigned known = 0;
    while (count > 1 && known < 8 && strcmp(modes[known], words[1])) known++;
    if (count < 2 || known == 8) {
        fprintf(stderr, "usage: radload pap|chap|mschap|start|interim|open|cycle|storm name=value ...\n");
        return 2;
    }
    packets_init();
    parse(count, words);
    is_auth = known < 3;
    is_storm = known == 7;
    method = known < 3 ? known : PAP;
    if (is_storm || want.mode[0] == 'o') want.once = 1;
    run_id = (unsigned)wall() ^ getpid() << 12;
    subscribers = calloc(want.users, sizeof *subscribers);
    wait_limit = want.once ? 2ULL * want.users : 40000000;
    waits = malloc(wait_limit * sizeof *waits);
    if (!want.users || !subscribers || !waits) fail("radload: memory");
    open_links(is_auth || is_storm ? AUTH : ACCT, want.port);
    if (is_storm) open_links(ACCT, want.acct_port);
    run();
    report();
    if (want.results) write_results();
    return 0;
}
