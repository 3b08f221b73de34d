/*
 * A Claude API for many streams at once: every request is answered by a stream of events, one per interval, each with
 * the instant at which it was written. In C, so that the upstream is never what is measured.
 *
 *   event-upstream <port> <interval ms> <events>
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_AT_MOST = 65536, HEAD_BYTES = 16384, SLOTS = 1000 };

typedef struct {
  char head[HEAD_BYTES];
  int used;        /* bytes of the head so far */
  long body_left;  /* bytes of the body still to come; -1: the head is not whole yet */
  int sent;        /* events sent; -1: no stream is open */
  int slot;        /* which part of the interval its events fall into */
} connection;

static connection *connections[CONNECTIONS_AT_MOST];
static int interval_ms, events_each, poll_fd, next_slot;

static long long now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static void end_connection(int fd) {
  free(connections[fd]);
  connections[fd] = NULL;
  close(fd);
}

/* A socket's buffer always has room for an event: what cannot be written whole ends the connection. */
static int send_chunk(int fd, const char *text) {
  char frame[2048];
  int size = snprintf(frame, sizeof frame, "%zx\r\n%s\r\n", strlen(text), text);
  return write(fd, frame, size) == size;
}

static int send_event(int fd, const char *name, const char *data) {
  char text[1800];
  snprintf(text, sizeof text, "event: %s\ndata: %s\n\n", name, data);
  return send_chunk(fd, text);
}

static int begin_stream(int fd, connection *c) {
  static const char head[] =
      "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\nrequest-id: req_bench\r\n"
      "transfer-encoding: chunked\r\n\r\n";
  if (write(fd, head, sizeof head - 1) != sizeof head - 1) return 0;
  c->sent = 0;
  c->slot = next_slot++ % SLOTS;
  return send_event(fd, "message_start",
      "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_bench\",\"type\":\"message\",\"role\":\"assistant\","
      "\"model\":\"claude-haiku-4-5-20251001\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,"
      "\"usage\":{\"input_tokens\":12,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens\":1}}}") &&
      send_event(fd, "content_block_start",
      "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}");
}

static int end_stream(int fd, connection *c) {
  c->sent = -1;
  char usage[256];
  snprintf(usage, sizeof usage,
      "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},"
      "\"usage\":{\"output_tokens\":%d}}", events_each);
  return send_event(fd, "content_block_stop", "{\"type\":\"content_block_stop\",\"index\":0}") &&
      send_event(fd, "message_delta", usage) && send_event(fd, "message_stop", "{\"type\":\"message_stop\"}") &&
      write(fd, "0\r\n\r\n", 5) == 5;
}

static int continue_stream(int fd, connection *c) {
  if (c->sent == events_each) return end_stream(fd, c);
  c->sent += 1;
  char data[256];
  snprintf(data, sizeof data,
      "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"at=%lld \"}}", now_us());
  return send_event(fd, "content_block_delta", data);
}

/* Requests come one at a time on a connection, and the next only after the answer. */
static int take_bytes(int fd, connection *c) {
  char bytes[65536];
  for (;;) {
    long size = read(fd, bytes, sizeof bytes);
    if (size == 0) return 0;
    if (size < 0) return errno == EAGAIN;
    long at = 0;
    while (c->body_left < 0 && at < size) {
      if (c->used == HEAD_BYTES - 1) return 0;
      c->head[c->used++] = bytes[at++];
      if (c->used < 4 || memcmp(c->head + c->used - 4, "\r\n\r\n", 4) != 0) continue;
      c->head[c->used] = 0;
      char *length = strcasestr(c->head, "content-length:");
      c->body_left = length == NULL ? 0 : atol(length + 15);
      c->used = 0;
    }
    if (c->body_left > 0) c->body_left -= size - at;
    if (c->body_left == 0) {
      c->body_left = -1;
      if (!begin_stream(fd, c)) return 0;
    }
  }
}

static void accept_all(int server) {
  for (;;) {
    int fd = accept4(server, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0) return;
    if (fd >= CONNECTIONS_AT_MOST) { close(fd); continue; }
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections[fd] = calloc(1, sizeof(connection));
    connections[fd]->body_left = connections[fd]->sent = -1;
    struct epoll_event wanted = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &wanted);
  }
}

static void tick(int timer, int *slot) {
  unsigned long long times;
  if (read(timer, &times, sizeof times) != sizeof times) return;
  while (times-- > 0) {
    *slot = (*slot + 1) % SLOTS;
    for (int fd = 0; fd < CONNECTIONS_AT_MOST; fd++) {
      connection *c = connections[fd];
      if (c != NULL && c->sent >= 0 && c->slot == *slot && !continue_stream(fd, c)) end_connection(fd);
    }
  }
}

int main(int count, char **arguments) {
  if (count != 4) return 2;
  signal(SIGPIPE, SIG_IGN);
  struct rlimit files = {CONNECTIONS_AT_MOST, CONNECTIONS_AT_MOST};
  setrlimit(RLIMIT_NOFILE, &files);
  interval_ms = atoi(arguments[2]);
  events_each = atoi(arguments[3]);
  int server = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1, slot = 0;
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(arguments[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(server, (struct sockaddr *)&address, sizeof address) != 0 || listen(server, 8192) != 0) return 1;
  poll_fd = epoll_create1(0);
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  long slot_ns = interval_ms * 1000000L / SLOTS;
  struct timespec each = {.tv_sec = slot_ns / 1000000000L, .tv_nsec = slot_ns % 1000000000L};
  struct itimerspec period = {.it_interval = each, .it_value = each};
  timerfd_settime(timer, 0, &period, NULL);
  struct epoll_event server_wanted = {.events = EPOLLIN, .data.fd = server}, timer_wanted = {.events = EPOLLIN, .data.fd = timer};
  epoll_ctl(poll_fd, EPOLL_CTL_ADD, server, &server_wanted);
  epoll_ctl(poll_fd, EPOLL_CTL_ADD, timer, &timer_wanted);
  for (;;) {
    struct epoll_event ready[512];
    int found = epoll_wait(poll_fd, ready, 512, -1);
    for (int at = 0; at < found; at++) {
      int fd = ready[at].data.fd;
      if (fd == server) accept_all(server);
      else if (fd == timer) tick(timer, &slot);
      else if (connections[fd] != NULL && !take_bytes(fd, connections[fd])) end_connection(fd);
    }
  }
}
