#include "run/numerics.h"

#include "core/error.h"
#include "core/files.h"

namespace alea {
namespace {

fs::path file_in(const fs::path& folder) { return folder / "numerics.json"; }

}  // namespace

Json claimed_numerics(const fs::path& folder) { return fs::exists(file_in(folder)) ? read_json_file(file_in(folder)) : Json(); }

void claim_numerics(const fs::path& folder, const Json& numerics) {
  if (!fs::exists(file_in(folder))) atomic_write(file_in(folder), numerics.dump(2) + "\n");
  // Read back: another shard may have been first.
  if (const Json found = claimed_numerics(folder); found != numerics)
    fail(ErrorCode::not_comparable,
         "{}: its images are of the numerics class {}, this session's would be of {}; go on with --device and kernels as there, "
         "or "
         "choose another --out",
         folder.string(), found.dump(), numerics.dump());
}

}  // namespace alea
