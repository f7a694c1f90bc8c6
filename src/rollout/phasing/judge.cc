// The draw as apt makes it (apt-pkg/upgrade.cc): one seed a line on standard
// input, the draws of apt before 3.3 and since on standard output.
#include <iostream>
#include <random>
#include <string>

int main() {
  std::string seed;
  while (std::getline(std::cin, seed)) {
    for (unsigned last : {100u, 99u}) {
      std::seed_seq sequence(seed.begin(), seed.end());
      std::minstd_rand random(sequence);
      std::uniform_int_distribution<unsigned int> distribution(0, last);
      std::cout << distribution(random) << (last == 100u ? ' ' : '\n');
    }
  }
}
