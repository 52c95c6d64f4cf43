// Answers, then sends both pipes to a ring of sockets that holds itself, and ends: they close when the kernel comes to that.
// verdicts: ACCEPTED
#include "held.h"
int main(void) {
  char line[64], room[CMSG_SPACE(4 * sizeof(int))] = {0};
  ssize_t size = read(0, line, sizeof line);
  write(1, line, size);
  int pair[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  int all[] = {0, 1, pair[0], pair[1]};
  struct iovec part = {line, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof all);
  memcpy(CMSG_DATA(head), all, sizeof all);
  MUST_HOLD(sendmsg(pair[0], &message, 0) == 1 && sendmsg(pair[1], &message, 0) == 1);
  return 0;
}
