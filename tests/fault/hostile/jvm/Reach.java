// The host's network, files and properties, by the runtime's own means. (QDUOJ trusted Java's SecurityManager here.)
// verdicts: ACCEPTED
// limits: cpu_time_ms=5000 wall_time_ms=15000 memory_bytes=134217728 processes=64
import java.io.FileInputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Scanner;

public class Reach {
    interface Attack { void run() throws Exception; }

    static void mustFail(String name, Attack attack) {
        try {
            attack.run();
        } catch (Throwable error) {
            return;
        }
        System.out.println("ESCAPED " + name);
    }

    public static void main(String[] words) {
        Scanner input = new Scanner(System.in);
        while (input.hasNextLine()) {
            String[] target = input.nextLine().split(" ", 2);
            if (target[0].equals("port"))
                mustFail("port", () -> new Socket().connect(new InetSocketAddress("127.0.0.1", Integer.parseInt(target[1])), 500));
            if (target[0].equals("file")) mustFail("file", () -> new FileInputStream(target[1]).read());
        }
        mustFail("shadow", () -> new FileInputStream("/etc/shadow").read());
        mustFail("listen", () -> new ServerSocket(0));
        System.out.println("held");
    }
}
