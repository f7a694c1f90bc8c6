# Reads the changelogs whose paths come in, one a line, and prints what dpkg
# finds in them: \x1c between files, \x1d between entries, \x1f between fields.
use strict;
use warnings;
use Dpkg::Changelog::Debian;
use Dpkg::Vendor::Ubuntu;

$SIG{__WARN__} = sub { };
binmode STDOUT;
while (my $path = <STDIN>) {
    chomp $path;
    my $log = Dpkg::Changelog::Debian->new(verbose => 0);
    $log->load($path, compression => 0);
    for my $entry (@{$log->{data}}) {
        my $changes = join "\n", @{$entry->get_part('changes')};
        my $fields = $entry->get_optional_fields();
        my $lp = Dpkg::Vendor::Ubuntu::find_launchpad_closes($changes);
        my $version = $entry->get_version();
        print join("\x1f",
            $entry->get_source() // '',
            defined $version ? "$version" : '',
            join(' ', $entry->get_distributions()),
            $entry->get_urgency() // '',
            $entry->get_maintainer() // '',
            $entry->get_timestamp() // '',
            $fields->{Closes} // '',
            join(' ', @$lp),
            $changes), "\x1d";
    }
    print scalar($log->get_parse_errors()) // '', "\x1f";
    print $log->get_unparsed_tail() // '', "\x1c";
}
