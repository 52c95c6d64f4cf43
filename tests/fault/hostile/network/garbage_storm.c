// Sockets that hold each other: the kernel collects them in threads of its own.
// verdicts: TIME_LIMIT_EXCEEDED
// limits: cpu_time_ms=300
#include "held.h"
static void pass(int via, int descriptor) {
  char byte = 0, control[CMSG_SPACE(sizeof descriptor)];
  struct iovec data = {&byte, 1};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof descriptor);
  memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  sendmsg(via, &message, 0);
}
int main(void) {
  int pairs[200][2], own[2];
  for (int i = 0; i < 200; i++) socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]);
  for (int i = 0; i < 200; i++) {
    pass(pairs[i][0], pairs[(i + 1) % 200][1]);
    pass(pairs[i][1], pairs[(i + 1) % 200][0]);
  }
  for (;;) {
    socketpair(AF_UNIX, SOCK_STREAM, 0, own);
    close(own[0]);
    close(own[1]);
  }
}
