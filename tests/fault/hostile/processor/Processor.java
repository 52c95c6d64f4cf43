import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import javax.annotation.processing.AbstractProcessor;
import javax.annotation.processing.RoundEnvironment;
import javax.annotation.processing.SupportedAnnotationTypes;
import javax.lang.model.SourceVersion;
import javax.lang.model.element.TypeElement;

/** Runs in the compiler: reads, reaches out, starts a daemon, and leaves links, FIFOs and folders for whoever comes next. */
@SupportedAnnotationTypes("*")
public class Processor extends AbstractProcessor {
    interface Attack { void run() throws Exception; }

    private static final StringBuilder escaped = new StringBuilder();

    private static void mustFail(String name, Attack attack) {
        try {
            attack.run();
            escaped.append(name).append(' ');
        } catch (Throwable error) {
            // as it must be
        }
    }

    @Override public SourceVersion getSupportedSourceVersion() { return SourceVersion.latest(); }

    @Override public boolean process(Set<? extends TypeElement> kinds, RoundEnvironment round) {
        if (!round.processingOver()) return false;
        mustFail("shadow", () -> new FileInputStream("/etc/shadow").read());
        mustFail("environ", () -> new FileInputStream("/proc/1/environ").read());
        mustFail("usr", () -> new FileOutputStream("/usr/escaped").close());
        mustFail("network", () -> new ServerSocket(0).close());
        try {
            String[] script = {"/bin/sh", "-c",
                "(setsid sleep 600 >/dev/null 2>&1 &); echo x >/tmp/left; echo x >/dev/shm/left;"
                    + "cd /work; ln -s /etc/passwd passwd; ln -s / slash; mkfifo fifo; mkdir -p classes/deep;"
                    + "ln -s /proc/self/environ classes/Linked.class; mkfifo classes/Fifo.class; ln -s .. classes/up"};
            new ProcessBuilder(script).redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor();
            Files.writeString(Path.of("/work/told"), escaped.length() == 0 ? "ran" : "ESCAPED " + escaped);
        } catch (Exception error) {
            throw new IllegalStateException(error);
        }
        return false;
    }
}
