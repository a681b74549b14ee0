// PHOLD on the event core of ns-3, for comparison back to back on one machine. Not part of the product.
// N logical processes, 10 start events each, delay 0.1 + Exp(0.9), destination uniform over all.
// Build: apt-get install -y libns3-dev libgsl-dev g++ && g++ -O3 -march=native phold-ns3.cc -o phold-ns3 $(pkg-config --cflags --libs ns3-core)
// Prints events per second of wall time and of processor time, of the loop alone.
// Run:   ./phold-ns3 --sched=ns3::PriorityQueueScheduler --n=1000 --end=100     (10k pending; n=10000 end=10, n=100000 end=2, n=1000000 end=0.7)
#include "ns3/core-module.h"

#include <chrono>
#include <cmath>
#include <ctime>
#include <cstdio>

using namespace ns3;

static uint64_t state = 88172645463325252ull;
static std::vector<uint64_t> count;
static uint64_t total;

static uint64_t Draw() {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}
static Time Delay() { return Seconds(0.1 - 0.9 * std::log(((Draw() >> 11) + 0.5) / 9007199254740992.0)); }

static void Fire(uint32_t lp) {
  count[lp]++;
  total++;
  Simulator::Schedule(Delay(), &Fire, uint32_t((Draw() >> 11) % count.size()));
}

int main(int argc, char** argv) {
  std::string sched = "ns3::PriorityQueueScheduler";
  uint32_t n = 1000;
  double end = 10;
  CommandLine cmd;
  cmd.AddValue("sched", "scheduler type", sched);
  cmd.AddValue("n", "logical processes", n);
  cmd.AddValue("end", "virtual seconds", end);
  cmd.Parse(argc, argv);
  ObjectFactory factory;
  factory.SetTypeId(sched);
  Simulator::SetScheduler(factory);
  count.resize(n);
  for (uint32_t lp = 0; lp < n; lp++)
    for (int k = 0; k < 10; k++) Simulator::Schedule(Delay(), &Fire, lp);
  Simulator::Stop(Seconds(end));
  std::clock_t cpuStart = std::clock();
  auto start = std::chrono::steady_clock::now();
  Simulator::Run();
  double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  double cpu = double(std::clock() - cpuStart) / CLOCKS_PER_SEC;
  std::printf("ns-3 %s n=%u events=%lu wall=%.3fs rate=%.0f/s cpu=%.3fs rate=%.0f/s\n", sched.c_str(), n, total, wall,
              total / wall, cpu, total / cpu);
}
