// Leaves files of options, of classes and of agents where a later start of Java might take them from.
// verdicts: ACCEPTED
// limits: cpu_time_ms=5000 wall_time_ms=15000 memory_bytes=134217728 processes=64
// tests: 3
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

public class Options {
    public static void main(String[] words) throws Exception {
        if (System.getProperty("left") != null || new File("/work/classes/Left.class").exists()) {
            System.out.println("ESCAPED: of the last run");
            return;
        }
        String options = "-Dleft=1 -XX:OnError=/bin/true -javaagent:/tmp/agent.jar\n";
        for (String folder : new String[] {"/work", "/tmp", "/work/classes", "/dev/shm"})
            for (String name : new String[] {".hotspotrc", ".hotspot_compiler", "JDK_JAVA_OPTIONS", "java.security", "Left.class",
                                             ".attach_pid1", "META-INF", "Options.class", "module-info.class"})
                try {
                    Files.write(Path.of(folder, name), options.getBytes());
                } catch (IOException error) {
                    continue;
                }
        new File("/tmp/hsperfdata_box").mkdir();
        System.out.println("held");
    }
}
