#include "core/descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <system_error>

#include "core/error.h"

namespace alea {
namespace {

const char* remedy(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return "; free some space and give the same command again";
    case EROFS:
    case EACCES:
    case EPERM:
      return "; choose a place that you may use, or change its permissions";
    case ENOENT:
      return "; check the path and that its folder exists";
    case EMFILE:
    case ENFILE:
      return "; raise the limit of open files (ulimit -n)";
    default:
      return "";
  }
}

}  // namespace

void fail_io(const std::filesystem::path& path, const char* verb, int error_number) {
  fail(ErrorCode::io, "{}: can't {} it: {}{}", path.string(), verb, std::system_category().message(error_number),
       remedy(error_number));
}

Descriptor Descriptor::open_for_reading(const std::filesystem::path& path) {
  const int number = retry_interrupted([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); });
  if (number == -1) fail_io(path, "open", errno);
  return Descriptor(number);
}

Descriptor::~Descriptor() {
  if (number_ != -1) ::close(number_);
}

}  // namespace alea
