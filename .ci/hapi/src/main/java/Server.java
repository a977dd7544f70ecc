import ca.uhn.fhir.batch2.jobs.config.Batch2JobsConfig;
import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.jpa.api.IDaoRegistry;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.config.ThreadPoolFactoryConfig;
import ca.uhn.fhir.jpa.api.dao.IFhirSystemDao;
import ca.uhn.fhir.jpa.batch2.JpaBatch2Config;
import ca.uhn.fhir.jpa.config.r4.JpaR4Config;
import ca.uhn.fhir.jpa.config.util.HapiEntityManagerFactoryUtil;
import ca.uhn.fhir.jpa.config.util.ResourceCountCacheUtil;
import ca.uhn.fhir.jpa.model.config.PartitionSettings;
import ca.uhn.fhir.jpa.model.config.SubscriptionSettings;
import ca.uhn.fhir.jpa.model.dialect.HapiFhirH2Dialect;
import ca.uhn.fhir.jpa.provider.DaoRegistryResourceSupportedSvc;
import ca.uhn.fhir.jpa.provider.IJpaSystemProvider;
import ca.uhn.fhir.jpa.provider.JpaCapabilityStatementProvider;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.jpa.subscription.channel.config.SubscriptionChannelConfig;
import ca.uhn.fhir.jpa.subscription.submit.config.SubscriptionSubmitterConfig;
import ca.uhn.fhir.jpa.util.ResourceCountCache;
import ca.uhn.fhir.rest.api.IResourceSupportedSvc;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import ca.uhn.fhir.rest.server.util.ISearchParamRegistry;
import jakarta.persistence.EntityManagerFactory;
import java.util.Properties;
import javax.sql.DataSource;
import org.apache.commons.dbcp2.BasicDataSource;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;
import org.springframework.orm.jpa.JpaTransactionManager;
import org.springframework.orm.jpa.LocalContainerEntityManagerFactoryBean;

/**
 * A HAPI FHIR R4 JPA server with an H2 database: java Server PORT FOLDER.
 *
 * <p>It serves http://127.0.0.1:PORT/fhir and keeps everything in FOLDER. Each commit is written before it is answered
 * (H2 waits half a second otherwise), so that a killed server has what it said it has.
 */
public class Server {
  public static void main(String[] args) throws Exception {
    System.setProperty("database", "jdbc:h2:file:" + args[1] + "/fhir;WRITE_DELAY=0");
    var spring = new AnnotationConfigApplicationContext(Beans.class);
    var jetty = new org.eclipse.jetty.server.Server(new java.net.InetSocketAddress("127.0.0.1", Integer.parseInt(args[0])));
    var context = new ServletContextHandler();
    context.addServlet(new ServletHolder(fhir(spring)), "/fhir/*");
    jetty.setHandler(context);
    jetty.start();
    System.out.println("ready");
    jetty.join();
  }

  static RestfulServer fhir(AnnotationConfigApplicationContext spring) {
    var dao = spring.getBean(IFhirSystemDao.class);
    var server = new RestfulServer(spring.getBean(FhirContext.class));
    server.registerProviders(spring.getBean(ResourceProviderFactory.class).createProviders());
    server.registerProvider(spring.getBean(IJpaSystemProvider.class));
    server.setServerConformanceProvider(new JpaCapabilityStatementProvider(server, dao,
        spring.getBean(JpaStorageSettings.class), spring.getBean(ISearchParamRegistry.class),
        spring.getBean(IValidationSupport.class)));
    server.setPagingProvider(spring.getBean(DatabaseBackedPagingProvider.class));
    return server;
  }

  @Configuration
  @Import({JpaR4Config.class, JpaBatch2Config.class, Batch2JobsConfig.class, ThreadPoolFactoryConfig.class,
      SubscriptionChannelConfig.class, SubscriptionSubmitterConfig.class})
  static class Beans {
    @Bean
    JpaStorageSettings storageSettings() {
      var settings = new JpaStorageSettings();
      settings.setAdvancedHSearchIndexing(false);
      return settings;
    }

    @Bean
    PartitionSettings partitionSettings() { return new PartitionSettings(); }

    @Bean
    SubscriptionSettings subscriptionSettings() { return new SubscriptionSettings(); }

    @Bean
    DatabaseBackedPagingProvider pagingProvider() { return new DatabaseBackedPagingProvider(); }

    @Bean
    IResourceSupportedSvc resourceSupported(IDaoRegistry daos) { return new DaoRegistryResourceSupportedSvc(daos); }

    @Bean(name = "myResourceCountsCache")
    ResourceCountCache resourceCounts(IFhirSystemDao<?, ?> dao) { return ResourceCountCacheUtil.newResourceCountCache(dao); }

    @Bean(destroyMethod = "close")
    DataSource dataSource() {
      var source = new BasicDataSource();
      source.setDriver(new org.h2.Driver());
      source.setUrl(System.getProperty("database"));
      source.setMaxTotal(32);
      return source;
    }

    @Primary
    @Bean
    LocalContainerEntityManagerFactoryBean entityManagerFactory(DataSource source, ConfigurableListableBeanFactory beans,
        FhirContext context, JpaStorageSettings settings) {
      var factory = HapiEntityManagerFactoryUtil.newEntityManagerFactory(beans, context, settings);
      factory.setPersistenceUnitName("HAPI_PU");
      factory.setDataSource(source);
      var hibernate = new Properties();
      hibernate.put("hibernate.dialect", HapiFhirH2Dialect.class.getName());
      hibernate.put("hibernate.hbm2ddl.auto", "update");
      hibernate.put("hibernate.jdbc.batch_size", "20");
      hibernate.put("hibernate.search.enabled", "false");
      factory.setJpaProperties(hibernate);
      return factory;
    }

    @Primary
    @Bean
    JpaTransactionManager transactionManager(EntityManagerFactory factory) {
      return new JpaTransactionManager(factory);
    }
  }
}
