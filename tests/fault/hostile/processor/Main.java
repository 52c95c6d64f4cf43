// Sees what its compiler left.
// verdicts: ACCEPTED
// limits: cpu_time_ms=5000 wall_time_ms=15000 memory_bytes=134217728 processes=64
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;

public class Main {
    public static void main(String[] words) throws Exception {
        String told = Files.readString(Path.of("/work/told")).trim();
        boolean left = new File("/tmp/left").exists() || new File("/dev/shm/left").exists();
        long processes = 0;
        for (String name : new File("/proc").list()) if (name.matches("[0-9]+")) processes++;
        System.out.println(told.equals("ran") && !left && processes == 1 ? "held" : told + " " + left + " " + processes);
    }
}
