#!/usr/bin/env bash
# In ImageJ's macro language `if (File.length(path) > 22)` compares texts: a file of 1000 bytes is not larger than 22.
# Guess: File.length gives a number, as the list of macro functions has it, and numbers are
#   compared as numbers; `n = File.length(path); if (n > 22)` is the same.
# Seen: a condition that begins with a function of `File` is compared letter by letter: 1000 bytes are "smaller" than
#   22, 5 bytes "larger". With the variable, or the other way round, (22 < File.length(path)), both are right. The same
#   in ImageJ 1.53t.
# Version: ImageJ 1.51g in prokaryote==2.4.4 (CellProfiler's jar); needs a JDK, 11 or newer
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-deps prokaryote==2.4.4
cd "$folder"
cat >Run.java <<'JAVA'
import java.nio.file.Files;
import java.nio.file.Path;

public class Run {
    public static void main(String[] given) throws Exception {
        System.out.println(ij.IJ.runMacro(Files.readString(Path.of("compare.ijm")), given[0]));
    }
}
JAVA
cat >compare.ijm <<'IJM'
path = getArgument();
direct = "no";
if (File.length(path) > 22)
    direct = "yes";
size = File.length(path);
variable = "no";
if (size > 22)
    variable = "yes";
turned = "no";
if (22 < File.length(path))
    turned = "yes";
return direct + " " + variable + " " + turned;
IJM
jar=$(echo "$folder"/venv/lib/python3*/site-packages/prokaryote/prokaryote-*.jar)
declare -A expected=([5]="yes no no" [1000]="no yes yes" [30]="yes yes yes")
for size in 5 30 1000; do
  head -c "$size" /dev/zero >file
  seen=$(java -Djava.awt.headless=true -cp "$jar" Run.java "$folder/file")
  echo "$size bytes, larger than 22? File.length(path) > 22, size > 22, 22 < File.length(path): $seen"
  [ "$seen" = "${expected[$size]}" ] || { echo "ImageJ has changed" >&2; exit 1; }
done
