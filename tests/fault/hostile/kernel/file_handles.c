// "Shocker": files of the host by their inode's number, past every mount.
// verdicts: ACCEPTED
#include "held.h"
int main(void) {
  struct { struct file_handle head; unsigned char rest[128]; } handle;
  int mount;
  handle.head.handle_bytes = 128;
  MUST_FAIL(name_to_handle_at(AT_FDCWD, "/usr", &handle.head, &mount, 0));
  handle.head.handle_bytes = 8;
  handle.head.handle_type = 1;
  memcpy(handle.head.f_handle, "\2\0\0\0\0\0\0\0", 8);
  MUST_FAIL(open_by_handle_at(open("/usr/bin/env", O_RDONLY), &handle.head, O_RDONLY));
  MUST_FAIL(open_by_handle_at(-10002, &handle.head, O_RDONLY));  // FD_PIDFS_ROOT
  MUST_FAIL(open_by_handle_at(-10003, &handle.head, O_RDONLY));  // FD_NSFS_ROOT
  return held();
}
