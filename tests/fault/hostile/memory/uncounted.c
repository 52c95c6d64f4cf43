// What the kernel keeps for files in no account of memory, any number of it for each: locks of bytes, access lists of 64 KiB,
// what single pages prefer. Of each a few, enough to see whether it is kept.
// verdicts: ACCEPTED
#include "held.h"
#include <sys/xattr.h>
int main(void) {
  int file = open("/tmp/file", O_CREAT | O_RDWR, 0600), anonymous = memfd_create("file", 0);
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 1, .l_len = 1};
  const int locks[] = {F_SETLK, F_SETLKW, F_OFD_SETLK, F_OFD_SETLKW};
  for (int i = 0; i < 4; i++) {  // told as taken, since honest programs lock their files
    MUST_HOLD(fcntl(file, locks[i], &lock) == 0);
    MUST_HOLD(syscall(SYS_fcntl, anonymous, locks[i], &lock) == 0);
  }
  int status;
  if (!fork()) {
    struct flock held = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    _exit(fcntl(file, F_GETLK, &held) || held.l_type != F_UNLCK);
  }
  MUST_HOLD(wait(&status) > 0 && status == 0);
  MUST_HOLD(flock(file, LOCK_EX | LOCK_NB) == 0);

  struct {
    unsigned version;
    struct {
      unsigned short tag, rights;
      unsigned id;
    } entries[5];
  } list = {2, {{1, 7, -1}, {2, 7, 1000}, {4, 7, -1}, {16, 7, -1}, {32, 7, -1}}};
  MUST_FAIL(fsetxattr(file, "system.posix_acl_access", &list, sizeof list, 0));
  MUST_HOLD(errno == ENOTSUP);
  MUST_FAIL(fsetxattr(anonymous, "system.posix_acl_access", &list, sizeof list, 0));
  MUST_FAIL(setxattr("/tmp/file", "system.posix_acl_access", &list, sizeof list, 0));
  MUST_FAIL(lsetxattr("/tmp/file", "user.x", "x", 1, 0));
  MUST_FAIL(syscall(463, AT_FDCWD, "/tmp/file", 0, "user.x", &list, 16));

  unsigned long nodes = 1;
  MUST_HOLD(ftruncate(anonymous, 1 << 20) == 0);
  char *pages = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, anonymous, 0);
  MUST_FAIL(syscall(SYS_mbind, pages, 4096, 1, &nodes, 64, 0));
  MUST_FAIL(syscall(SYS_set_mempolicy, 1, &nodes, 64));
  MUST_FAIL(syscall(450, pages, 4096, 0, 0));
  return held();
}
