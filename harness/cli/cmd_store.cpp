#include <memory>

#include "cli/args.h"
#include "store/store.h"

namespace alea {

namespace {

int verify(const std::string& folder) {
  const auto files = Store::open(folder).verify();
  std::string text;
  std::size_t bad = 0;
  for (const auto& file : files) {
    const bool ok = file.state == "ok";
    bad += ok ? 0 : 1;
    text += fmt::format("{:<28} block {:>6}  ids {:>8}..{:<8} {}\n", file.kind, file.range.index, file.range.first,
                        file.range.first + file.range.count - 1, ok ? fmt::format("ok  {:.12}", file.sha256) : file.state);
  }
  text += fmt::format("{} files, {} ok, {} not\n", files.size(), files.size() - bad, bad);
  print_answer(text);
  return bad == 0 ? 0 : exit_status(ErrorCode::io);
}

int show(const std::string& folder) {
  const Store store = Store::open(folder);
  std::string text = fmt::format("{}\n  name      {}\n  protocol  {}\n  config    {:.12}\n  samples   {} in {} blocks\n", folder,
                                 store.config().value("name", "-"), store.config().value("protocol", "-"), store.config_sha256(),
                                 store.n_samples(), store.blocks().size());
  std::map<std::string, std::pair<std::size_t, std::uint64_t>> kinds;
  for (const auto& file : store.verify()) {
    auto& [files, bytes] = kinds[file.kind];
    files += file.state == "ok" ? 1 : 0;
    bytes += file.bytes;
  }
  for (const auto& [kind, sums] : kinds)
    text +=
        fmt::format("  {:<24} {} of {} blocks, {:.1f} MB\n", kind, sums.first, store.blocks().size(), double(sums.second) / 1e6);
  for (const char* name : {"record.json", "ledger.json", "curves.h5", "gallery.png"})
    text += fmt::format("  {:<24} {}\n", name, std::filesystem::exists(store.folder() / name) ? "there" : "not there");
  print_answer(text);
  return 0;
}

void add_folder_command(CLI::App& parent, Action& action, const std::string& name, const std::string& summary,
                        int (*body)(const std::string&)) {
  auto folder = std::make_shared<std::string>();
  auto* command = add_command(parent, name, summary, "alea store " + name + " runs/demo");
  command->add_option("DIR", *folder, "The run's folder")->required();
  command->callback([folder, body, &action] { action = [folder, body] { return body(*folder); }; });
}

}  // namespace

void add_store_command(CLI::App& app, Action& action) {
  auto* command = add_command(app, "store", "Look into a run's folder.", "alea store verify runs/demo");
  command->require_subcommand(1);
  add_folder_command(*command, action, "verify",
                     "Check every block file against its checksum; exit status 4 where one is damaged.", verify);
  add_folder_command(*command, action, "ls", "Say what is in the folder.", show);
}

}  // namespace alea
