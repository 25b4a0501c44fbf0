#pragma once

namespace alea {

class BlockMaker;
class LedgerSession;
struct Plan;
struct RunOptions;

/// Where a session's blocks were made, and at what cost: {threads, device, shard, nfe: {base, extra, guide, padded}, flops:
/// {base, extra, guide, decoding} or null, generation_seconds; of timed generations machine}.
void note_circumstances(LedgerSession& session, const BlockMaker& maker, const Plan& plan, const RunOptions& options);

}  // namespace alea
