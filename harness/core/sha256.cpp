#include "core/sha256.h"

#include <openssl/evp.h>
#include <unistd.h>

#include <array>

#include "core/descriptor.h"
#include "core/error.h"
#include "core/files.h"

namespace alea {

Sha256::Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
  ALEA_CHECK(context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1, "libcrypto offers no sha256");
}

void Sha256::update(std::span<const std::byte> bytes) {
  ALEA_CHECK(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1, "sha256 of {} bytes failed", bytes.size());
}

std::string Sha256::hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int length = 0;
  ALEA_CHECK(EVP_DigestFinal_ex(context_.get(), digest.data(), &length) == 1, "sha256 can't be finished");
  std::string out;
  for (unsigned int i = 0; i < length; ++i) out += fmt::format("{:02x}", digest[i]);
  return out;
}

std::string sha256_hex(std::span<const std::byte> bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.hex();
}

std::string sha256_file(const fs::path& path) {
  const Descriptor file = Descriptor::open_for_reading(path);
  Sha256 hash;
  Bytes buffer(std::size_t{1} << 20);
  for (;;) {
    const ssize_t got = retry_interrupted([&] { return ::read(file.number(), buffer.data(), buffer.size()); });
    if (got == -1) fail_io(path, "read", errno);
    if (got == 0) return hash.hex();
    hash.update(std::span(buffer).first(static_cast<std::size_t>(got)));
  }
}

}  // namespace alea
